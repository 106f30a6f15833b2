"""Names of tensors as keys of .npz files: NumPy reads them back, no two are alike."""

import io
import zipfile
from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgec.driver.ports import _packed
from edgec.quantization.samples.npz_keys import npz_key, npz_keys

PARTS = st.sampled_from(["a", "b.2", "..", ".", "/", "\\", "\0", "\n", "\ud800", "ü", "x" * 300])
NAMES = st.lists(PARTS, max_size=4).map("".join) | st.text(max_size=12)


@pytest.mark.parametrize(
    "name", ["x", "model/dense/BiasAdd:0", "/a".removeprefix("/"), "größe", "a.npy", "file", "a b"]
)
def test_usual_names_stay_as_they_are(name: str) -> None:
    assert npz_key(name) == name


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("../../etc/passwd", "_/_/etc/passwd"),
        ("/root", "_/root"),
        ("a//b", "a/_/b"),
        ("a\0b", "a_b"),
        ("a\\b", "a_b"),
        ("", "_"),
        ("x" * 70_000, "x" * 200),
        ("ü" * 150, "ü" * 100),
        ("\ud800", "?"),
    ],
)
def test_what_no_zip_file_should_hold(name: str, key: str) -> None:
    assert npz_key(name) == key


def test_no_two_are_alike() -> None:
    assert npz_keys(["a\0", "a_", "a\1", "a_"]) == ["a_.2", "a_", "a_.3", "a_.4"]
    long = ["x" * 300 + "1", "x" * 300 + "2"]
    assert npz_keys(long) == ["x" * 200, "x" * 200 + ".2"]


@given(st.lists(NAMES, max_size=8))
@example(["a", "a.2", "a", "a"])
def test_numpy_reads_them_back(names: list[str]) -> None:
    keys = npz_keys(names)
    assert len(keys) == len(names) == len(set(keys))
    assert all(
        key == name for key, name in zip(keys, names, strict=True) if npz_key(name) == name == key
    )
    data = _packed({name: np.array([i]) for i, name in enumerate(dict.fromkeys(names))})
    written = npz_keys(dict.fromkeys(names))
    with np.load(io.BytesIO(data)) as archive:
        assert [archive[key].tolist() for key in written] == [[i] for i in range(len(written))]
    for member in zipfile.ZipFile(io.BytesIO(data)).namelist():
        parts = PurePosixPath(member).parts
        assert not member.startswith("/")
        assert ".." not in parts
        assert all(len(part.encode()) <= 255 for part in parts)
