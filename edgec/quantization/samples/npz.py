"""Reads .npz files of samples, which are not trusted: no pickles, no endless sizes.

What an array takes is known from its header, so that nothing is unpacked that is not wanted or too
large: a zip file of a few megabytes can hold gigabytes.
"""

import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.lib import format as npy

from edgec.errors import EdgecError, Place
from edgec.ir import Array
from edgec.reading import check_is_file

_SAVE = "write it with numpy.savez(path, input_name=array)"
_MAX_HEADER = 10_000
_MAX_WIDENED = 1 << 28  # bytes of labels: 32 million numbers, or pixels
_format: Any = npy  # NumPy states no types for it
_HEADS = {(1, 0): _format.read_array_header_1_0, (2, 0): _format.read_array_header_2_0}


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of an array says."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


class NpzFile:
    """A zip file of arrays: ``with NpzFile(path) as file: file.array(file.names[0])``.

    Everything raises ValueError or OSError, whatever is wrong with the file.
    """

    def __init__(self, path: Path) -> None:
        check_is_file(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise ValueError(str(error)) from None
        self._members = {name.removesuffix(".npy"): name for name in self._archive.namelist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._archive.close()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    def header(self, name: str) -> Header:
        """Return shape and type of an array, without reading it."""
        with self._opened(name) as stream:
            return _header(stream)

    def array(self, name: str) -> Array:
        """Return an array; its header says how much memory that takes."""
        with self._opened(name) as stream:
            header = _header(stream)
        if header.dtype.hasobject:
            message = f"{name!r} holds objects (a pickle)"
            raise ValueError(message)
        with self._opened(name) as stream:
            array: Array = _raising_value_errors(
                lambda: _format.read_array(stream, allow_pickle=False)
            )
        return array

    def _opened(self, name: str) -> IO[bytes]:
        if name not in self._members:
            message = f"there is no array {name!r}"
            raise ValueError(message)
        stream: IO[bytes] = _raising_value_errors(lambda: self._archive.open(self._members[name]))
        return stream


def _header(stream: IO[bytes]) -> Header:
    def read() -> Header:
        version = _format.read_magic(stream)
        if version not in _HEADS:
            message = f"version {version} of the format is not read"
            raise ValueError(message)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, _, dtype = _HEADS[version](stream, max_header_size=_MAX_HEADER)
        if min(shape, default=0) < 0:
            message = f"the shape is {shape}"
            raise ValueError(message)
        return Header(tuple(shape), dtype)

    header: Header = _raising_value_errors(read)
    return header


def _raising_value_errors(read: Any) -> Any:
    """Call a reader of broken files; NumPy, zipfile and zlib raise what nobody lists."""
    try:
        return read()
    except (OSError, ValueError):
        raise
    except Exception as error:
        text = str(error) or type(error).__name__
        raise ValueError(text) from error


def read_arrays(
    path: Path,
    wanted: Callable[[str], bool],
    limit: int,
    widened: Callable[[str], bool] = lambda _: False,
) -> dict[str, Array]:
    """Return the arrays of a file; those not ``wanted`` are left empty, only their names count.

    ``limit`` is how many bytes all wanted ones may take together; those to be ``widened`` count
    with 64 bits an element, and have a limit of their own. Errors: ``file-not-found``,
    ``malformed-samples``.
    """
    place = Place(str(path))
    if not path.exists():
        raise EdgecError(
            "file-not-found", f"no file {str(path)!r}", place=place, help="check the path"
        )
    try:
        with NpzFile(path) as file:
            read = [name for name in file.names if wanted(name)]
            size = sum(file.header(name).bytes for name in read if not widened(name))
            if size > limit:
                raise _too_many(size, limit, place)
            wide = sum(8 * prod(file.header(name).shape) for name in read if widened(name))
            if wide > _MAX_WIDENED:
                raise _too_many(wide, _MAX_WIDENED, place, "labels take, in 64 bits,")
            nothing = dict.fromkeys(file.names, np.zeros(0))
            return {**nothing, **{name: file.array(name) for name in read}}
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _too_many(size: int, limit: int, place: Place, what: str = "arrays take") -> EdgecError:
    return EdgecError(
        "malformed-samples",
        f"its {what} {size:,} bytes, the limit for this model is {limit:,}",
        place=place,
        help="give fewer samples: 50 to 500 typical ones do for calibration",
    )


def _unreadable(path: Path, error: Exception) -> EdgecError:
    """Return an error that says what the file seems to be."""
    message, hint = f"not a readable .npz file: {error}", _SAVE
    start = _first_bytes(path)
    if path.is_dir():
        message, hint = "this is a folder, one .npz file is needed", _SAVE
    elif start.startswith(b"\x93NUMPY"):
        message = "this is a .npy file: one array, and it has no name"
        hint = "save it under the input's name: numpy.savez('x.npz', input_name=numpy.load(path))"
    elif "pickle" in str(error):
        message = "it holds Python objects (a pickle), which are not loaded: they could run code"
        hint = "make all samples alike in shape, and save array.astype(numpy.float32)"
    elif start.startswith(b"PK"):
        message = f"not a readable .npz file: {error}; it seems to be cut off or damaged"
        hint = "copy or write it again"
    return EdgecError("malformed-samples", message, place=Place(str(path)), help=hint)


def _first_bytes(path: Path) -> bytes:
    try:
        check_is_file(path)
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        return b""
