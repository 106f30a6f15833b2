"""What the user did wrong, or what the machine lacks: code, place, value, and what to do.

Every error a user can cause is an :class:`EdgecError` whose ``code`` is a key of :data:`CATALOG`.
The catalog is the single source of ``edgec explain CODE`` and of ``docs/errors.md``.
A broken invariant inside edgec is never an ``EdgecError``: it is a bug and exits with 70.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit status of the command line."""

    OK = 0
    MODEL = 1
    USAGE = 2
    TOOL = 3
    MISMATCH = 4
    BUG = 70


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem is: a file, and inside it a node, tensor, key or line."""

    file: str = ""
    inside: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.file, self.inside) if part)


class EdgecError(Exception):
    """A problem the user can solve.

    ``code`` is stable and documented (``edgec explain CODE``); ``message`` says what is wrong, with
    the value; ``help`` says what to do; ``notes`` add detail, one line each.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        place: Place | None = None,
        help: str = "",
        notes: Sequence[str] = (),
        exit_code: ExitCode = ExitCode.MODEL,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place or Place()
        self.help = help
        self.notes = tuple(notes)
        self.exit_code = exit_code

    def problems(self) -> tuple["EdgecError", ...]:
        """Return the single problems this error stands for."""
        return (self,)

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.message}"]
        if str(self.place):
            lines.append(f"  --> {self.place}")
        lines += [f"  note: {note}" for note in self.notes]
        if self.help:
            lines.append(f"  help: {self.help}")
        return "\n".join(lines)


class EdgecErrors(EdgecError):  # noqa: N818 - the plural is the point
    """Several problems found in one go; printed together."""

    def __init__(self, errors: Sequence[EdgecError]) -> None:
        flat = tuple(problem for error in errors for problem in error.problems())
        first = flat[0]
        super().__init__(
            first.code, first.message, place=first.place, help=first.help, exit_code=first.exit_code
        )
        self.errors = flat

    def problems(self) -> tuple[EdgecError, ...]:
        return self.errors

    def __str__(self) -> str:
        return "\n\n".join(str(error) for error in self.errors)


def raise_all(errors: Sequence[EdgecError]) -> None:
    """Raise what was collected: nothing, the one error, or all of them together."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise EdgecErrors(errors)
