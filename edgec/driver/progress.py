"""How long work tells how far it is; the command line draws it, a pipe ignores it."""

from typing import Protocol


class Progress(Protocol):
    """Receives the stages of a command."""

    def stage(self, title: str) -> None:
        """Begin a stage; the one before is done."""
        ...

    def advance(self, done: int, total: int) -> None:
        """Tell how many of the steps of this stage are done."""
        ...


class Quiet:
    """Shows nothing."""

    def stage(self, title: str) -> None:
        """Ignore it."""

    def advance(self, done: int, total: int) -> None:
        """Ignore it."""
