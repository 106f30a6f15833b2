"""ONNX reductions that list no axes: over all, or over none with noop_with_empty_axes."""

from pathlib import Path

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, node_model

from edgec.ir import Array

OPERATORS = [
    *("ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin"),
    *("ReduceProd", "ReduceSum", "ReduceSumSquare"),
]
AXES: list[list[Array]] = [[], [np.array([], np.int64)], [np.array([1, -1], np.int64)]]


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("axes", AXES, ids=["absent", "empty", "listed"])
@pytest.mark.parametrize("noop", [None, 0, 1])
@pytest.mark.parametrize("keepdims", [None, 0])
def test_axes_equal_onnxruntime(
    op: str, axes: list[Array], noop: int | None, keepdims: int | None, tmp_path: Path
) -> None:
    model = node_model(
        op, [(2, 3, 4)], axes, opset=18, noop_with_empty_axes=noop, keepdims=keepdims
    )
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("op", ["PRelu", "Pow"])
def test_a_parameter_may_have_more_axes_than_the_data(op: str, tmp_path: Path) -> None:
    parameter = np.full((1, 1, 1, 1), 2, np.float32)
    graph = assert_equals_onnxruntime(node_model(op, [(2, 3, 4)], [parameter]), tmp_path)
    assert graph.types[graph.outputs[0]].shape == (1, 2, 3, 4)
