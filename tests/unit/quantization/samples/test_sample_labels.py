"""Labels as people write them."""

import numpy as np
import pytest

from edgec.ir import Array
from edgec.quantization.samples.sample_labels import read_labels

ONE_HOT = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [
        (np.array([2, 0, 1], np.uint8), [2, 0, 1]),
        (np.array([[2], [0]], np.int32), [2, 0]),
        (np.array([1.0, 0.0], np.float32), [1, 0]),
        (np.array([True, False]), [1, 0]),
        (ONE_HOT, [1, 0, 2]),
        (ONE_HOT.astype(np.float32), [1, 0, 2]),
    ],
)
def test_class_numbers(labels: Array, numbers: list[int]) -> None:
    found, trouble = read_labels({"label": labels}, ["x"])
    assert found is not None
    assert (found.tolist(), found.dtype, trouble) == (numbers, np.dtype(np.int64), "")


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0.5, 1.0]),
        np.array([np.nan, 1.0]),
        np.array(["yes", "no"]),
        np.array([[0.2, 0.8]]),
        np.array([[1, 1, 0]]),
        np.array(3),
        np.zeros((2, 4, 4), np.int64),
    ],
)
def test_anything_else_is_warned_about(labels: Array) -> None:
    found, trouble = read_labels({"label": labels}, ["x"])
    assert found is labels
    assert "no accuracy" in trouble


def test_an_anomaly_is_a_label_and_an_input_is_none() -> None:
    found, _ = read_labels({"anomaly": np.array([0, 1])}, ["x"])
    assert found is not None
    assert found.tolist() == [0, 1]
    assert read_labels({"label": np.array([0, 1])}, ["label"]) == (None, "")
    assert read_labels({}, ["x"]) == (None, "")


def test_labels_of_another_name_are_pointed_out() -> None:
    found, trouble = read_labels({"x": np.zeros(2), "Labels": np.array([0, 1])}, ["x"])
    assert found is None
    assert trouble == "'Labels' is not read; if it holds the labels, call it 'label'"
    assert read_labels({"y": np.array([0, 1])}, ["y"]) == (None, "")
