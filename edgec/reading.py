"""Reads files that users name: never a pipe or a device that has no end, never more than is wanted.

``/dev/zero`` would fill the memory, a FIFO that nobody writes to would wait for ever.
"""

import os
import stat
from pathlib import Path


class NoFileError(OSError):
    """What is there is no file, or a larger one than anything edgec reads."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(0, problem, str(path))


def check_is_file(path: Path) -> int:
    """Return the size of a file; raises OSError for all else, without opening it."""
    try:
        found = path.stat()
    except ValueError as error:  # a path with a NUL
        raise NoFileError(path, str(error)) from None
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe or a device"
        raise NoFileError(path, f"it is {kind}, a file is needed")
    return found.st_size


def read_limited(path: Path, limit: int) -> bytes:
    """Return the bytes of a file of at most ``limit`` bytes; raises OSError for any other."""
    size = check_is_file(path)
    if size > limit:
        raise NoFileError(path, f"it has {size:,} bytes, at most {limit:,} are read")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # it may have become a pipe by now
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(size + 1)  # Python takes the memory for as many at once
    if len(data) > size:
        raise NoFileError(path, f"it had {size:,} bytes and now has more: something writes to it")
    return data
