"""ONNX operators that put elements where constants say, against onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names

from edgec.errors import EdgecError
from edgec.ir import Array

X = (3, 4)


def ints(*values: Any) -> Array:
    return np.array(values, np.int64)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_elements_are_gathered(axis: int, tmp_path: Path) -> None:
    constants = [ints([0, 1, 2, -1], [2, 0, 1, 0])]
    model = node_model("GatherElements", [X], constants, axis=axis)
    assert "gather" in node_names(assert_equals_onnxruntime(model, tmp_path))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("updates", [[], [np.full((1, 4), 7, np.float32)]])
def test_elements_are_scattered(axis: int, updates: list[Array], tmp_path: Path) -> None:
    """The updates are computed, or constant."""
    places = ints([1, 0, 2, -1])
    model = node_model("ScatterElements", [X, (1, 4)], [places], opset=16, axis=axis)
    inputs = ["x0", "c0", "x1"]
    if updates:
        model = node_model("ScatterElements", [X], [places, *updates], opset=16, axis=axis)
        inputs = ["x0", "c0", "c1"]
    model.graph.node[0].input[:] = inputs
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize(
    ("indices", "shape"),
    [
        (ints([1], [-1]), (2, 4)),
        (ints([0, 1], [2, 3]), (2,)),
        (ints([[0, 0], [1, -1]]), (1, 2)),
    ],
)
@pytest.mark.parametrize("opset", [11, 16, 18])
def test_slices_are_scattered(
    indices: Array, shape: tuple[int, ...], opset: int, tmp_path: Path
) -> None:
    model = node_model("ScatterND", [X, shape], [indices], opset=opset)
    model.graph.node[0].input[:] = ["x0", "c0", "x1"]
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize(("batch", "time"), [(0, 1), (1, 0)])
def test_sequences_are_reversed(batch: int, time: int, tmp_path: Path) -> None:
    lengths = ints(*([1, 3, 4] if batch == 0 else [1, 2, 3, 2]))
    model = node_model("ReverseSequence", [(*X, 2)], [lengths], batch_axis=batch, time_axis=time)
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("upper", [None, 0])
@pytest.mark.parametrize("diagonal", [[], [np.int64(1)], [np.int64(-1)]])
def test_triangles(upper: int | None, diagonal: list[Any], tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model("Trilu", [X], diagonal, upper=upper), tmp_path)


@pytest.mark.parametrize(
    ("op", "constants", "attributes", "code"),
    [
        ("ScatterND", [ints([3])], {}, "malformed-model"),
        ("ScatterND", [ints([1])], {"reduction": "add"}, "unsupported-attribute"),
        ("ScatterElements", [ints([9, 0, 0, 0])], {}, "malformed-model"),
    ],
)
def test_what_cannot_be_scattered_is_refused(
    op: str, constants: list[Array], attributes: dict[str, Any], code: str, tmp_path: Path
) -> None:
    model = node_model(op, [X, (1, 4)], constants, opset=16, **attributes)
    model.graph.node[0].input[:] = ["x0", "c0", "x1"]
    with pytest.raises(EdgecError) as caught:
        imported(model, tmp_path)
    assert caught.value.code == code
