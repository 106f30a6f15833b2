"""Folders for work in progress: locked while their process lives, removed by the next one after it.

A process that is killed cannot tidy up. So each folder holds a file that its process keeps locked;
the system drops the lock with the process, however that ended, and whoever then needs a folder in
the same place removes the folders whose lock is free. What holds no such file is not ours.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edgec.signals import finished_first

_LOCK = ".edgec-lock"
_MOVED, _MOVED_FROM = "moved", ".edgec-moved-from"
_PREFIXES = ("edgec-", ".edgec-")
_ATTEMPTS = 100


@contextlib.contextmanager
def scratch_folder(purpose: str, beside: Path | None = None) -> Iterator[Path]:
    """Make a folder that is gone afterwards: ``edgec-<purpose>-...`` where temporary files belong.

    With ``beside`` it is a hidden one in the folder of that file, so that what it holds can be
    renamed into place. What dead runs left there is removed first.
    """
    hidden = "" if beside is None else "."
    parent = Path(tempfile.gettempdir()) if beside is None else beside.parent
    sweep(parent)
    made: tuple[Path, int] | None = None
    try:
        with finished_first():
            made = _locked(parent, f"{hidden}edgec-{purpose}-")
        yield made[0]
    finally:
        with finished_first():
            if made is not None:
                _remove(made[0])
                os.close(made[1])


def is_scratch(folder: Path) -> bool:
    """Tell whether a folder is one of :func:`scratch_folder`."""
    return (folder / _LOCK).is_file()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all; raises OSError.

    A link stays a link, and what is no file (a pipe, a terminal) is written to as it is.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    with scratch_folder("part", target) as folder:
        part = folder / "part"
        part.write_bytes(data)
        part.replace(target)


def sweep(parent: Path) -> None:
    """Remove the folders of dead runs in ``parent``; put back what they had moved away."""
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIXES) and entry.is_dir(follow_symlinks=False):
                _sweep_one(Path(entry.path))


def moved_away(target: Path, folder: Path) -> None:
    """Move ``target`` into a scratch folder; it comes back if this process dies there."""
    (folder / _MOVED_FROM).write_text(target.name, encoding="utf-8")
    target.rename(folder / _MOVED)


def _locked(parent: Path, prefix: str) -> tuple[Path, int]:
    """Make a folder and lock it; another run's sweep may be faster, then again."""
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent)).absolute()
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            continue
        except OSError:
            folder.rmdir()
            raise
        if _lock(lock) and os.fstat(lock).st_nlink:
            return folder, lock
        os.close(lock)
    raise FileNotFoundError(0, "temporary folders vanish", str(parent))


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: nobody can tell that the folder is dead
        return True
    return True


def _sweep_one(folder: Path) -> None:
    with contextlib.suppress(OSError):
        if folder.stat().st_uid != os.getuid():
            return
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            folder.rmdir()  # its run died before it held anything; where it holds something: no
            return
        try:
            if stat.S_ISREG(os.fstat(lock).st_mode) and _is_free(lock):
                _put_back(folder)
                _remove(folder)
        finally:
            os.close(lock)


def _is_free(descriptor: int) -> bool:
    """Tell whether nobody holds the lock, and take it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _put_back(folder: Path) -> None:
    """Undo a move that its process did not survive."""
    if (folder / _MOVED).exists() and (folder / _MOVED_FROM).is_file():
        target = folder.parent / Path((folder / _MOVED_FROM).read_text(encoding="utf-8")).name
        if not target.exists():
            (folder / _MOVED).rename(target)


def _remove(folder: Path) -> None:
    """Remove a folder; the lock goes last, so that an interrupted removal can be taken up again."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif entry.name != _LOCK:
                Path(entry.path).unlink()
        (folder / _LOCK).unlink()
        folder.rmdir()
