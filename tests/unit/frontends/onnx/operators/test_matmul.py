"""ONNX MatMul and Gemm against onnxruntime: layers with weights, and products of activations."""

from pathlib import Path
from typing import Any

import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names, random_weights

from edgec.errors import EdgecError

Shape = tuple[int, ...]


@pytest.mark.parametrize(
    ("shapes", "attributes"),
    [
        ([(6, 4), (4,)], {}),
        ([(4, 6), (4,)], {"transB": 1}),
        ([(4, 6), (1, 4)], {"transB": 1, "alpha": 0.5, "beta": 2.0}),
        ([(4, 6), (1,)], {"transB": 1, "beta": 0.5}),
        ([(4, 6), ()], {"transB": 1, "beta": 0.5}),
        ([(4, 6)], {"transB": 1}),
    ],
    ids=str,
)
def test_gemm_with_weights_is_a_layer(
    shapes: list[Shape], attributes: dict[str, Any], tmp_path: Path
) -> None:
    constants = [random_weights(*shape) for shape in shapes]
    model = node_model("Gemm", [(3, 6)], constants, **attributes)
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert node_names(graph) == ["fully_connected"]


@pytest.mark.parametrize(
    ("c", "attributes"),
    [((3, 4), {}), ((3, 1), {"beta": 0.5}), ((3, 4), {"alpha": 2.0, "beta": 0.5})],
    ids=str,
)
def test_gemm_adds_what_is_no_row(c: Shape, attributes: dict[str, Any], tmp_path: Path) -> None:
    constants = [random_weights(6, 4), random_weights(*c)]
    model = node_model("Gemm", [(3, 6)], constants, **attributes)
    assert node_names(assert_equals_onnxruntime(model, tmp_path)) == ["fully_connected", "add"]


def test_gemm_of_a_transposed_input(tmp_path: Path) -> None:
    model = node_model("Gemm", [(6, 3)], [random_weights(6, 4)], transA=1)
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert node_names(graph) == ["transpose", "fully_connected"]


@pytest.mark.parametrize(
    ("shapes", "attributes"),
    [
        ([(3, 6), (6, 4)], {}),
        ([(6, 3), (4, 6)], {"transA": 1, "transB": 1}),
        ([(3, 6), (6, 4)], {"alpha": 0.5}),
        ([(3, 6), (6, 4), (4,)], {}),
        ([(3, 6), (6, 4), (3, 1)], {"alpha": 0.5, "beta": 2.0}),
    ],
    ids=str,
)
def test_gemm_of_activations(
    shapes: list[Shape], attributes: dict[str, Any], tmp_path: Path
) -> None:
    graph = assert_equals_onnxruntime(node_model("Gemm", shapes, **attributes), tmp_path)
    assert "batch_matmul" in node_names(graph)


@pytest.mark.parametrize("shape", [(1, 6), (3, 6), (2, 5, 6), (6,)], ids=str)
def test_matmul_with_weights_is_a_layer(shape: Shape, tmp_path: Path) -> None:
    model = node_model("MatMul", [shape], [random_weights(6, 4)])
    assert node_names(assert_equals_onnxruntime(model, tmp_path)) == ["fully_connected"]


@pytest.mark.parametrize(
    "shapes",
    [
        [(3, 6), (6, 4)],
        [(2, 3, 6), (2, 6, 4)],
        [(2, 1, 3, 6), (5, 6, 4)],
        [(2, 3, 6), (6,)],
        [(6,), (2, 6, 4)],
        [(6,), (6,)],
        [(6,), (6, 4)],
    ],
    ids=str,
)
def test_matmul_of_activations(shapes: list[Shape], tmp_path: Path) -> None:
    graph = assert_equals_onnxruntime(node_model("MatMul", shapes), tmp_path)
    assert "batch_matmul" in node_names(graph)


@pytest.mark.parametrize("constant", [(2, 6, 4), (6,)], ids=str)
def test_matmul_with_constants_that_are_no_matrix(constant: Shape, tmp_path: Path) -> None:
    model = node_model("MatMul", [(2, 3, 6)], [random_weights(*constant)])
    assert_equals_onnxruntime(model, tmp_path)


def test_matmul_with_a_constant_on_the_left(tmp_path: Path) -> None:
    model = node_model("MatMul", [(2, 6, 4)], [random_weights(3, 6)])
    model.graph.node[0].input[:] = ["c0", "x0"]
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    for extent in (2, 3, 4):
        model.graph.output[0].type.tensor_type.shape.dim.add().dim_value = extent
    assert node_names(assert_equals_onnxruntime(model, tmp_path)) == ["batch_matmul"]


@pytest.mark.parametrize(
    ("op", "shapes", "constants"),
    [
        ("Gemm", [(3, 6)], [(5, 4)]),
        ("Gemm", [(3, 6), (5, 4)], []),
        ("Gemm", [(3, 6, 1)], [(6, 4)]),
        ("MatMul", [(3, 6)], [(5, 4)]),
        ("MatMul", [(3, 6), (5, 4)], []),
        ("MatMul", [(2, 3, 6), (3, 6, 4)], []),
        ("MatMul", [(3, 6), ()], []),
    ],
    ids=str,
)
def test_operands_that_do_not_meet_are_malformed(
    op: str, shapes: list[Shape], constants: list[Shape], tmp_path: Path
) -> None:
    arrays = [random_weights(*shape) for shape in constants]
    with pytest.raises(EdgecError) as caught:
        imported(node_model(op, shapes, arrays), tmp_path)
    assert caught.value.code == "malformed-model"
