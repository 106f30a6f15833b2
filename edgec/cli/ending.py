"""How a command ends when it is told to: it cleans up first, as after an exception."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

from edgec.firmware.children import kill_children
from edgec.signals import act

_TOLD = (signal.SIGTERM, signal.SIGHUP)
_Handler = Callable[[int, FrameType | None], None]
_SIGNALED = 128  # what a shell adds to a signal's number


class _Told:
    """The signal that came, if one did: what is raised in the midst of C code may get lost."""

    number: int | None = None


class EndedError(BaseException):
    """Another process, or the closing terminal, asked this one to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = _SIGNALED + number


@contextmanager
def ends_tidily() -> Iterator[None]:
    """Raise :class:`EndedError` where Python would end at once and leave folders and children.

    What else a program made of these signals stays (``nohup``, a caller with handlers of its own).
    """
    if current_thread() is not main_thread():
        yield
        return
    taken: dict[signal.Signals, _Handler] = {
        each: _end for each in _TOLD if signal.getsignal(each) is signal.SIG_DFL
    }
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        taken[signal.SIGINT] = _interrupt
    _Told.number = None
    before = {each: signal.signal(each, handler) for each, handler in taken.items()}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ctrl-C: the children do not get it from the terminal, and none is waited for."""
    _Told.number = number
    kill_children()
    act(lambda: signal.default_int_handler(number, frame))


def _end(number: int, _frame: FrameType | None) -> None:
    """Raise once: what comes while edgec cleans up would only interrupt that."""
    for each in _TOLD:
        if signal.getsignal(each) is _end:
            signal.signal(each, signal.SIG_IGN)
    _Told.number = number
    kill_children()
    act(lambda: _raise(number))


def _raise(number: int) -> None:
    raise EndedError(number)


def raise_if_told() -> None:
    """Raise :class:`EndedError` where a signal came, whatever has become of its exception.

    A module in C that is being imported makes an ``ImportError`` of it.
    """
    if _Told.number is not None:
        raise EndedError(_Told.number)
