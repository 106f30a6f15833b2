"""Samples of inputs that count or decide: whole numbers, within the input's type."""

from pathlib import Path

import numpy as np
import pytest

from edgec.errors import EdgecError
from edgec.ir import Array, DType, Graph, GraphBuilder, TensorType
from edgec.ops.numbers.arithmetic import Arithmetic, Calculation
from edgec.ops.numbers.gather_rows import GatherRows
from edgec.quantization.samples.random_samples import random_samples
from edgec.quantization.samples.samples import Samples, read_samples

ROWS = 23


def embedding() -> Graph:
    """Return a table of 23 rows that is looked up at i + 0, beside truth values."""
    g = GraphBuilder("g")
    i, b = g.input("i", TensorType((1, 6), DType.INT32)), g.input("b", TensorType((4,), DType.BOOL))
    zero = g.constant("zero", np.array(0, np.int32))
    table = g.constant("t", np.ones((ROWS, 3), np.float32))
    places = g.add1(Arithmetic(calculation=Calculation.ADD), i, zero)
    return g.build([g.add1(GatherRows(), table, places), b])


def read(folder: Path, **arrays: Array) -> Samples:
    path = folder / "x.npz"
    np.savez(path, **arrays)
    return read_samples(path, embedding())


TRUTH = np.ones((5, 4), np.bool_)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_whole_numbers_of_any_width_are_taken(dtype: type, tmp_path: Path) -> None:
    samples = read(tmp_path, i=np.full((5, 6), 7, dtype), b=TRUTH)
    assert samples.sample(0)["i"].dtype == np.int32  # type: ignore[index]
    assert samples.sample(0)["b"].dtype == np.bool_  # type: ignore[index]


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (np.full((5, 6), 1.5, np.float32), "samples-dtype"),
        (np.full((5, 6), 2**31, np.int64), "samples-values"),
        (np.full((5, 6), -(2**31) - 1, np.int64), "samples-values"),
    ],
)
def test_what_is_no_int32_is_explained(array: Array, code: str, tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        read(tmp_path, i=array, b=TRUTH)
    assert caught.value.code == code
    assert "int32" in caught.value.help


def test_truth_values_are_0_and_1(tmp_path: Path) -> None:
    numbers = np.zeros((5, 6), np.int32)
    assert read(tmp_path, i=numbers, b=TRUTH.astype(np.uint8)).sample(0)["b"].all()  # type: ignore[index]
    with pytest.raises(EdgecError) as caught:
        read(tmp_path, i=numbers, b=TRUTH.astype(np.uint8) * 2)
    assert caught.value.code == "samples-values"


def test_random_numbers_are_rows_that_there_are() -> None:
    samples = random_samples(embedding())
    drawn = samples.arrays["i"]  # type: ignore[index]
    assert (drawn.min(), drawn.max()) == (0, ROWS - 1)
    assert set(np.unique(samples.arrays["b"])) == {False, True}  # type: ignore[index]
