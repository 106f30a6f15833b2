"""Division, slopes and extrema of two operands against onnxruntime."""

from pathlib import Path

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names, random_weights

from edgec.errors import EdgecError
from edgec.ir import GraphBuilder, TensorType, evaluate
from edgec.ops.activations.clip import Clip
from edgec.ops.elementwise.extremum import Extremum
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.squared_difference import SquaredDifference
from edgec.ops.functions.reciprocal import Reciprocal

SHAPES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((1, 3, 4, 5), (1, 3, 4, 5)),
    ((1, 3, 4, 5), (3, 1, 1)),
    ((5,), (1, 3, 4, 5)),
    ((2, 7), (1,)),
]


@pytest.mark.parametrize("op", ["Max", "Min"])
@pytest.mark.parametrize(("a", "b"), SHAPES, ids=str)
def test_extremum_equals_onnxruntime(
    op: str, a: tuple[int, ...], b: tuple[int, ...], tmp_path: Path
) -> None:
    assert_equals_onnxruntime(node_model(op, [a, b]), tmp_path)
    assert_equals_onnxruntime(node_model(op, [a], [random_weights(*b)]), tmp_path)


def test_extremum_of_many_operands(tmp_path: Path) -> None:
    model = node_model("Max", [(2, 3), (3,), (2, 1)], [np.array(0.25, np.float32)])
    graph = assert_equals_onnxruntime(model, tmp_path)
    largest = Extremum(largest=True)
    assert [node.op for node in graph.nodes] == [largest, largest, Clip(low=0.25)]


def test_extremum_with_one_number_is_a_limit(tmp_path: Path) -> None:
    model = node_model("Min", [(2, 3)], [np.array([[0.25]], np.float32)])
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert [node.op for node in graph.nodes] == [Clip(high=0.25)]


@pytest.mark.parametrize("slope", [(3, 1, 1), (1,), (3, 4, 5), (5,)], ids=str)
def test_prelu_equals_onnxruntime(slope: tuple[int, ...], tmp_path: Path) -> None:
    model = node_model("PRelu", [(1, 3, 4, 5)], [random_weights(*slope)])
    assert_equals_onnxruntime(model, tmp_path)


def test_prelu_with_more_slopes_than_elements_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="slopes") as caught:
        imported(node_model("PRelu", [(1, 3)], [random_weights(2, 3)]), tmp_path)
    assert caught.value.code == "malformed-model"


@pytest.mark.parametrize(("a", "b"), SHAPES, ids=str)
def test_division_by_constants_is_a_product(
    a: tuple[int, ...], b: tuple[int, ...], tmp_path: Path
) -> None:
    model = node_model("Div", [a], [random_weights(*b) + 3])
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert [node.op for node in graph.nodes] == [Mul()]


def test_division_by_an_activation_multiplies_with_its_reciprocal(tmp_path: Path) -> None:
    graph = imported(node_model("Div", [(2, 3), (3,)]), tmp_path)
    assert [node.op for node in graph.nodes] == [Reciprocal(), Mul()]
    a, b = np.array([[1, 2, 3], [4, 5, 6]], np.float32), np.array([2, 4, 8], np.float32)
    (y,) = evaluate(graph, dict(zip(graph.inputs, (a, b), strict=True))).values()
    np.testing.assert_allclose(y, a / b, rtol=1e-6)


def test_one_divided_by_x_is_its_reciprocal(tmp_path: Path) -> None:
    model = node_model("Div", [(2, 3)], [np.ones(1, np.float32)])
    model.graph.node[0].input[:] = ["c0", "x0"]
    assert node_names(imported(model, tmp_path)) == ["reciprocal"]


def test_division_by_a_constant_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="holds a 0") as caught:
        imported(node_model("Div", [(2, 3)], [np.zeros(3, np.float32)]), tmp_path)
    assert caught.value.code == "unsupported-attribute"  # onnxruntime computes infinity


def test_squared_difference_of_floats() -> None:
    g = GraphBuilder("g")
    a, b = (g.input(name, TensorType(shape)) for name, shape in (("a", (2, 3)), ("b", (3,))))
    graph = g.build([g.add1(SquaredDifference(), a, b)])
    x, y = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([1, -2, 3], np.float32)
    (result,) = evaluate(graph, {a: x, b: y}).values()
    np.testing.assert_array_equal(result, (x - y) ** 2)
