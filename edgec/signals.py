"""Signals that wait while something is done that must not stay half done.

Python runs a signal's handler in the main thread, between any two steps of it; one that raises
there would part the making of a folder from the ``try`` that removes it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread


class _Waiting:
    """How deep the main thread is in what must be finished, and what comes after that."""

    depth = 0
    action: Callable[[], None] | None = None


_waiting = _Waiting()


@contextmanager
def finished_first() -> Iterator[None]:
    """Have what :func:`act` is asked for wait until the block is done; then it is done here."""
    if current_thread() is not main_thread():
        yield
        return
    _waiting.depth += 1
    try:
        yield
    finally:
        _waiting.depth -= 1
        if _waiting.depth == 0 and _waiting.action is not None:
            action, _waiting.action = _waiting.action, None
            action()


def act(action: Callable[[], None]) -> None:
    """Do what a signal asks for, now or after :func:`finished_first`; only the first one waits."""
    if _waiting.depth == 0:
        action()
    elif _waiting.action is None:
        _waiting.action = action
