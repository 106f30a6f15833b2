"""Reading model files, and telling by their first bytes what they are."""

import zipfile
from pathlib import Path

from edgec.errors import EdgecError, Place
from edgec.frontends.limits import MAX_FILE, too_large
from edgec.ops.registry import Format
from edgec.reading import check_is_file, read_limited
from edgec.target_file.container import MAGIC
from edgec.tflite_schema import IDENTIFIER

_HEAD = 4096
_KERAS_HELP = "convert it first: tf.lite.TFLiteConverter.from_keras_model(model), or tf2onnx"
_SAVED_MODEL_HELP = "convert it first: tf.lite.TFLiteConverter.from_saved_model(folder), or tf2onnx"
_TORCH_HELP = "export it first: torch.onnx.export(model, example_input, 'model.onnx')"
_HELP = "give an ONNX file (.onnx) or a TFLite file (.tflite)"


def read_file(path: Path) -> bytes:
    """Return the bytes of a model file.

    Errors: ``file-not-found``, ``unreadable-file``, ``model-too-large``, ``unknown-format`` (a
    folder or an empty file).
    """
    place = Place(file=str(path))
    if path.is_dir():
        raise _unknown(place, *_folder(path))
    try:
        size = check_is_file(path)
        if size > MAX_FILE:
            raise too_large("the file", size, place, MAX_FILE)
        data = read_limited(path, MAX_FILE)
    except FileNotFoundError as error:
        message = f"no file {str(path)!r}"
        raise EdgecError(
            "file-not-found", message, place=place, help="check the path to the model"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise EdgecError(
            "unreadable-file",
            f"cannot read {str(path)!r}: {reason}",
            place=place,
            help="check the path and its permissions: a model is a file",
        ) from error
    if not data:
        raise _unknown(place, "an empty file", "write the model again: the file has 0 bytes")
    return data


def name_of(path: Path) -> str:
    """Return the name of a model: that of its file, whose bytes need not be a text."""
    return path.stem.encode("utf-8", "replace").decode("utf-8")


def format_of(data: bytes, path: Path) -> Format:
    """Return the format of a model by its content, whatever its name.

    Raises ``unknown-format`` that says what the file looks like and how to convert it.
    """
    if data[4:8] == IDENTIFIER:
        return Format.TFLITE
    if data.startswith(MAGIC):
        return Format.EDGEC
    known = _recognize(data[:_HEAD], path)
    if known is not None:
        raise _unknown(Place(file=str(path)), *known)
    if _starts_like_onnx(data):
        return Format.ONNX
    raise _unknown(Place(file=str(path)), "neither ONNX nor TFLite", _HELP)


def _unknown(place: Place, looks_like: str, help: str) -> EdgecError:
    message = f"{place.file!r} is no model edgec reads: it looks like {looks_like}"
    return EdgecError(
        "unknown-format", message, place=place, help=help, notes=["ONNX and TFLite are accepted"]
    )


def _folder(path: Path) -> tuple[str, str]:
    if (path / "saved_model.pb").is_file():
        return "a TensorFlow SavedModel folder", _SAVED_MODEL_HELP
    if path.suffix == ".mlpackage":
        return "a Core ML package", _HELP
    return "a folder", _HELP


def _recognize(head: bytes, path: Path) -> tuple[str, str] | None:
    """Return what the file is and what to do with it; None where nothing known fits."""
    for magic, looks_like, advice in _MAGIC:
        if head.startswith(magic):
            return looks_like, advice
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    if _is_text(head):
        return _text(head)
    return None


def _archive(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return "a damaged zip archive", _HELP
    if any(name.endswith("data.pkl") for name in names):
        return "a PyTorch checkpoint (.pt)", _TORCH_HELP
    if "model.weights.h5" in names:
        return "a Keras model (.keras)", _KERAS_HELP
    if any(name.endswith(".npy") for name in names):
        return "a NumPy archive (.npz)", "give the model here and the data with --calib or --data"
    return "a zip archive", "unpack it and give the model inside"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # more than a character cut in two by the end of the head
            return False
        text = head[: error.start].decode("utf-8")
    return bool(text) and all(character.isprintable() or character.isspace() for character in text)


def _text(head: bytes) -> tuple[str, str]:
    start = head.lstrip()
    if start.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer", "fetch the file itself: git lfs pull"
    if start[:9].lower() in {b"<!doctype", b"<html>\n<h"} or start[:5].lower() == b"<html":
        return "a web page", "download the file itself (the raw link), not the page about it"
    if start.startswith((b"{", b"[")):
        return "a JSON text", _HELP
    return "a text file", _HELP


def _starts_like_onnx(data: bytes) -> bool:
    """Say whether the first tag is one that onnx.ModelProto has: field number and wire type."""
    return data[0] in _ONNX_TAGS


_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras .h5)", _KERAS_HELP),
    (b"\x08\x01\x12", "a TensorFlow SavedModel (saved_model.pb)", _SAVED_MODEL_HELP),
    (b"\x80\x02", "a Python pickle (an old PyTorch .pt, or a scikit-learn model)", _TORCH_HELP),
    (b"\x80\x03", "a Python pickle", _TORCH_HELP),
    (b"\x80\x04", "a Python pickle", _TORCH_HELP),
    (b"\x80\x05", "a Python pickle", _TORCH_HELP),
    (b"\x1f\x8b", "a gzip archive", "unpack it and give the model inside"),
    (b"\x93NUMPY", "a NumPy array (.npy)", _HELP),
    (b"\x7fELF", "an ELF program", _HELP),
    (b"\x89PNG", "a picture", _HELP),
)
_VARINT, _LENGTH_DELIMITED = 0, 2
_ONNX_TAGS = frozenset(
    [field << 3 | _VARINT for field in (1, 5)]
    + [field << 3 | _LENGTH_DELIMITED for field in (2, 3, 4, 6, 7, 8, 14)]
)
"""First bytes of fields of onnx.ModelProto, of those with numbers below 16."""
