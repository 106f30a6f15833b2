"""Work in a process of its own, with limits: whatever it does, this process goes on.

The process is a fork of this one, so all that is imported is there at once. Memory and processor
time are the child's own, and it ends by itself, whoever waits for it.
"""

import faulthandler
import gc
import os
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BUG = 70
_PAGES = Path("/proc/self/statm")


@dataclass(frozen=True)
class Limits:
    """What one mutant may take.

    ``memory`` in bytes beyond what is there at the start; ``seconds`` of processor time. ``wall``
    seconds are for what waits and takes none: they are many, as the machine may be busy.
    """

    memory: int = 2 << 30
    seconds: int = 20
    wall: int = 120


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, or minus the signal that killed it.

    ``seconds`` of processor time, ``peak`` bytes resident; what it wrote.
    """

    code: int
    seconds: float
    peak: int
    out: str
    err: str


@dataclass(frozen=True)
class Child:
    """A process that works in a folder."""

    pid: int
    folder: Path

    @classmethod
    def start(cls, work: Callable[[], int], folder: Path, limits: Limits) -> "Child":
        """Run ``work`` in a new process, in ``folder``; what it returns is the exit code."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
            pid = os.fork()
        if pid == 0:
            _run(work, folder, limits)
        return cls(pid, folder)

    def wait(self) -> Ended:
        _, status, used = os.wait4(self.pid, 0)
        return Ended(
            os.waitstatus_to_exitcode(status),
            used.ru_utime + used.ru_stime,
            used.ru_maxrss * 1024,
            (self.folder / "stdout").read_text(errors="replace"),
            (self.folder / "stderr").read_text(errors="replace"),
        )


def share_memory() -> None:
    """Keep the garbage collector of children from touching, and so copying, what is here now."""
    gc.collect()
    gc.freeze()


def _run(work: Callable[[], int], folder: Path, limits: Limits) -> None:
    """Never returns."""
    code = BUG
    try:
        _confine(folder, limits)
        code = work()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else BUG
    except BaseException:  # noqa: BLE001 - it is what is looked for
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code & 0xFF)


def _confine(folder: Path, limits: Limits) -> None:
    for number, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", closefd=False)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    warnings.simplefilter("default")  # a caller's filters are not the users'
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    room = limits.memory + _own_size()
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 1))
    faulthandler.enable(2)
    for number in (signal.SIGXCPU, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
        faulthandler.register(number, 2, all_threads=False, chain=True)
    signal.setitimer(signal.ITIMER_REAL, limits.wall)


def _own_size() -> int:
    """Return the bytes of address space that this process has."""
    if not _PAGES.is_file():
        return 0
    return int(_PAGES.read_text().split()[0]) * resource.getpagesize()
