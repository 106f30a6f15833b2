"""Picking the format by content, and saying what a file is that we cannot read."""

import io
import pickle
import zipfile
from pathlib import Path

import pytest
from tflite_files import file

from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.frontends.files import format_of, read_file
from edgec.frontends.limits import MAX_FILE
from edgec.ops.registry import Format


def archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name in names:
            target.writestr(name, b"")
    return stream.getvalue()


FOREIGN = {
    "text": (b"import torch\nmodel = ...\n", "a text file", ".onnx"),
    "utf-8 text": ("grüße ".encode() * 1000, "a text file", ".onnx"),
    "json": (b'{"format": "layers-model"}', "a JSON text", ".onnx"),
    "web page": (b"<!DOCTYPE html><html>404", "a web page", "raw link"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer", "git lfs pull"),
    "h5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 64, "Keras .h5", "from_keras_model"),
    "saved model": (b"\x08\x01\x12\x80\x01", "SavedModel", "from_saved_model"),
    "pickle": (pickle.dumps([1, 2, 3]), "a Python pickle", "torch.onnx.export"),
    "pt": (archive("archive/data.pkl", "archive/version"), "PyTorch checkpoint", "torch.onnx"),
    "keras": (archive("config.json", "model.weights.h5"), "Keras model", "from_keras_model"),
    "npz": (archive("input.npy"), "NumPy archive", "--calib"),
    "zip": (archive("a.onnx"), "a zip archive", "unpack"),
    "broken zip": (b"PK\x03\x04 and no more", "a damaged zip", ".onnx"),
    "gzip": (b"\x1f\x8b\x08\0\0\0", "a gzip archive", "unpack"),
    "elf": (b"\x7fELF\x02\x01", "an ELF program", ".onnx"),
    "empty": (b"", "an empty file", "0 bytes"),
    "noise": (b"\xfe\xdc\xba\x98" * 9, "neither ONNX nor TFLite", ".tflite"),
    "one byte": (b"\x80", "neither ONNX nor TFLite", ".tflite"),
}


def failure(path: Path) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        load(path)
    assert caught.value.place.file == str(path)
    return caught.value


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_foreign_file_is_named(kind: str, suffix: str, tmp_path: Path) -> None:
    data, looks_like, advice = FOREIGN[kind]
    path = tmp_path / f"model{suffix}"
    path.write_bytes(data)
    error = failure(path)
    assert error.code == "unknown-format"
    assert looks_like in error.message
    assert advice in error.help


def test_folders(tmp_path: Path) -> None:
    assert "a folder" in failure(tmp_path).message
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert "SavedModel folder" in failure(tmp_path).message


def test_missing_file(tmp_path: Path) -> None:
    assert failure(tmp_path / "kws.tflite").code == "file-not-found"
    (tmp_path / "file").write_bytes(b"x")
    assert failure(tmp_path / "file" / "kws.tflite").code == "unreadable-file"
    assert failure(Path("nul\0byte.onnx")).code == "unreadable-file"


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may run as root, whom no permission stops: the refusal is simulated."""

    def refuse(path: Path, limit: int) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "kws.tflite"
    path.write_bytes(file())
    monkeypatch.setattr("edgec.frontends.files.read_limited", refuse)
    error = failure(path)
    assert error.code == "unreadable-file"
    assert "Permission denied" in error.message


def test_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    with path.open("wb") as sparse:
        sparse.truncate(MAX_FILE + 1)
    with pytest.raises(EdgecError) as caught:
        read_file(path)
    assert caught.value.code == "model-too-large"
    assert str(MAX_FILE + 1) in caught.value.message


def test_content_decides_not_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "really_tflite.onnx"
    path.write_bytes(file())
    loaded = load(path)
    assert loaded.source_format is Format.TFLITE
    assert loaded.graph.name == "really_tflite"
    assert len(loaded.sha256) == 64


@pytest.mark.parametrize(
    "start", [b"\x08\x08\x12\x07pytorch", b"\x08\x0a\x3a\x05", b"\x12\x04onnx"]
)
def test_onnx_is_recognized(start: bytes) -> None:
    assert format_of(start + b"\0" * 20, Path("model.bin")) is Format.ONNX
