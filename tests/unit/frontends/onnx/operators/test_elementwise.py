from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names, random_weights

from edgec.errors import EdgecError
from edgec.ir import Array, evaluate
from edgec.ops.activations.clip import Clip
from edgec.ops.activations.relu import Relu
from edgec.ops.operator import Activation

SHAPES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((1, 3, 4, 5), (1, 3, 4, 5)),
    ((1, 3, 4, 5), (3, 1, 1)),
    ((5,), (1, 3, 4, 5)),
    ((1, 3, 1, 5), (1, 1, 4, 1)),
    ((2, 7), (1,)),
]
UNARY: list[tuple[str, dict[str, Any]]] = [
    ("Relu", {}),
    ("Sigmoid", {}),
    ("Tanh", {}),
    ("LeakyRelu", {}),
    ("LeakyRelu", {"alpha": 0.3}),
    ("HardSwish", {}),
]


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
@pytest.mark.parametrize(("a", "b"), SHAPES, ids=str)
def test_elementwise_equals_onnxruntime(
    op: str, a: tuple[int, ...], b: tuple[int, ...], tmp_path: Path
) -> None:
    assert_equals_onnxruntime(node_model(op, [a, b]), tmp_path)
    assert_equals_onnxruntime(node_model(op, [a], [random_weights(*b)]), tmp_path)


@pytest.mark.parametrize(("op", "attributes"), UNARY, ids=str)
def test_unary_equals_onnxruntime(op: str, attributes: dict[str, Any], tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model(op, [(2, 3, 50)], **attributes), tmp_path)


def scalar(value: float) -> Array:
    return np.array(value, np.float32)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 6.0, Relu(activation=Activation.RELU6)),
        (-1.0, 1.0, Relu(activation=Activation.RELU_N1_TO_1)),
        (-0.5, 0.25, Clip(low=-0.5, high=0.25)),
        (0.5, -0.5, Clip(low=0.5, high=-0.5)),
    ],
)
def test_clip_with_two_bounds(low: float, high: float, expected: object, tmp_path: Path) -> None:
    graph = assert_equals_onnxruntime(
        node_model("Clip", [(3, 70)], [scalar(low), scalar(high)]), tmp_path
    )
    assert [node.op for node in graph.nodes] == [expected]


def test_clip_with_one_bound_at_zero_is_relu(tmp_path: Path) -> None:
    graph = assert_equals_onnxruntime(node_model("Clip", [(3, 70)], [scalar(0)]), tmp_path)
    assert [node.op for node in graph.nodes] == [Relu()]


def test_clip_with_attributes_is_the_form_of_opset_10(tmp_path: Path) -> None:
    model = node_model("Clip", [(3, 70)], opset=10, min=0.0, max=6.0)
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert [node.op for node in graph.nodes] == [Relu(activation=Activation.RELU6)]


def test_clip_with_a_bound_computed_at_run_time_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="computed at run time"):
        imported(node_model("Clip", [(3, 7), ()]), tmp_path)


@pytest.mark.parametrize("opset", [11, 13, 17])
@pytest.mark.parametrize("axis", [None, -1, 0, 1, 2, 3])
def test_softmax_equals_onnxruntime(axis: int | None, opset: int, tmp_path: Path) -> None:
    model = node_model("Softmax", [(2, 3, 4, 5)], opset=opset, axis=axis)
    assert_equals_onnxruntime(model, tmp_path)


def test_softmax_of_a_matrix_is_one_node(tmp_path: Path) -> None:
    assert node_names(imported(node_model("Softmax", [(1, 10)], axis=1), tmp_path)) == ["softmax"]


def test_softmax_survives_large_numbers(tmp_path: Path) -> None:
    graph = imported(node_model("Softmax", [(1, 3)]), tmp_path)
    x = np.array([[1e4, 1e4, -1e4]], np.float32)
    (y,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_allclose(y, [[0.5, 0.5, 0.0]])
