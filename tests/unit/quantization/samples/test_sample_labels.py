"""Labels as people write them: keys, class numbers, whole numbers."""

import numpy as np
import pytest

from edgec.ir import Array
from edgec.quantization.samples.sample_labels import (
    Labels,
    class_numbers,
    is_label,
    read_labels,
    whole_numbers,
)

ONE_HOT = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
TWO = np.array([0, 1])


def found(
    *names: str, inputs: tuple[str, ...] = ("x",), outputs: tuple[str, ...] = ()
) -> list[str]:
    """Return the keys, outputs and names of the labels in a file with arrays of these names."""
    labels, _ = read_labels(dict.fromkeys(names, TWO), inputs, outputs)
    return [f"{each.key}/{each.output}/{each.name}" for each in labels]


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
    found = class_numbers(labels)
    assert found is not None
    assert (found.tolist(), found.dtype) == (numbers, np.dtype(np.int64))


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0.5, 1.0]),
        np.array([np.nan, 1.0]),
        np.array(["yes", "no"]),
        np.array([[0.2, 0.8]]),
        np.array([[1, 1, 0]]),
        np.array([[0, 0, 0], [0, 1, 0]]),
        np.array(3),
        np.array([1e300]),
        np.zeros((2, 4, 4), np.int64),
    ],
)
def test_what_is_no_class_number_per_sample(labels: Array) -> None:
    assert class_numbers(labels) is None


def test_whole_numbers_of_any_shape() -> None:
    whole = whole_numbers(np.array([[1.0, 255.0]], np.float32))
    assert whole is not None
    assert (whole.tolist(), whole.dtype) == ([[1, 255]], np.dtype(np.int64))
    assert whole_numbers(np.zeros((3, 0))) is None
    assert whole_numbers(np.array([np.inf])) is None


def test_keys_and_the_outputs_that_they_name() -> None:
    assert found("x", "mask:seg", "label") == ["label//label", "mask/seg/mask:seg"]
    assert found("anomaly", "target", "boxes") == [
        "anomaly//anomaly",
        "target//target",
        "boxes//boxes",
    ]
    assert found() == []
    assert found("label", inputs=("label",)) == []


def test_usual_names_stand_for_a_key_that_the_file_does_not_have() -> None:
    assert found("x", "y") == ["label//y"]
    assert found("masks", "targets") == ["mask//masks", "target//targets"]
    assert found("y", "label") == ["label//label"]
    assert found("y:b", "label") == ["label//label", "label/b/y:b"]
    assert found("y", outputs=("y",)) == []  # golden vectors: what the model itself said
    assert found("y", inputs=("y",)) == []


def test_classes_go_with_boxes() -> None:
    boxes, classes = np.zeros((2, 3, 4)), np.zeros((2, 3), np.int64)
    (labels,), _ = read_labels({"classes": classes, "boxes": boxes}, ["x"])
    assert labels.classes is classes
    half = labels.chosen(slice(1))
    assert half.classes is not None
    assert (half.values.shape, half.classes.shape) == ((1, 3, 4), (1, 3))


def test_labels_of_another_name_are_pointed_out() -> None:
    labels, trouble = read_labels({"x": np.zeros(2), "Labels": TWO}, ["x"])
    assert labels == ()
    assert trouble == "'Labels' is not read; if it holds the labels, call it 'label'"
    assert read_labels({"y": TWO}, ["y"]) == ((), "")


def test_names_and_text() -> None:
    assert all(map(is_label, ("label", "mask:seg", "classes", "y")))
    assert not any(map(is_label, ("x", "labelled", "x:label")))
    assert str(Labels("mask", TWO, "seg")) == "'mask:seg' (int64 of shape (2,))"
