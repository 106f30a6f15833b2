"""Reads .npz files of samples, which are not trusted: no pickles, no endless sizes."""

import zipfile
from collections.abc import Collection
from pathlib import Path

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array

_MAX_BYTES = 2**33
_SAVE = "write it with numpy.savez(path, input_name=array)"


def read_arrays(path: Path, wanted: Collection[str]) -> dict[str, Array]:
    """Return the arrays of a file; those not ``wanted`` are left empty, only their names count.

    Errors: ``file-not-found``, ``malformed-samples``.
    """
    place = Place(str(path))
    if not path.exists():
        raise EdgecError(
            "file-not-found", f"no file {str(path)!r}", place=place, help="check the path"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(each.file_size for each in archive.infolist())
        small = size <= _MAX_BYTES
        with np.load(path, allow_pickle=False) as file:
            read = {key: small and key in wanted for key in file.files}
            arrays = {key: file[key] if read[key] else np.zeros(0) for key in file.files}
    except Exception as error:  # zipfile and NumPy raise many kinds on broken files
        raise _unreadable(path, error) from error
    if not small:
        message = f"its arrays take {size} bytes, the limit is {_MAX_BYTES}"
        raise EdgecError("malformed-samples", message, place=place, help=_SAVE)
    return arrays


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
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        return b""
