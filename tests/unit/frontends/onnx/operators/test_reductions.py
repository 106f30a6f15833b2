"""Sums, lengths and extrema over axes against onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names
from ops.case import int8

from edgec.errors import EdgecError, Place
from edgec.ir import GraphBuilder, QParams, evaluate
from edgec.ops.registry import IMPORTERS, Format, SourceNode, load_all

load_all()
OPS = ["ReduceMax", "ReduceMin", "ReduceSum", "ReduceL1", "ReduceL2", "ReduceSumSquare"]
OPS += ["ReduceProd", "ReduceLogSumExp"]


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(
    "attributes",
    [{}, {"axes": [2, 3]}, {"axes": [-1, 1], "keepdims": 0}, {"axes": [0], "keepdims": 1}],
    ids=str,
)
def test_axes_as_an_attribute(op: str, attributes: dict[str, Any], tmp_path: Path) -> None:
    model = node_model(op, [(2, 3, 5, 4)], opset=11, **attributes)
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("axes", [[2, 3], [-1], [1, 3]], ids=str)
def test_axes_as_an_input(op: str, axes: list[int], tmp_path: Path) -> None:
    constants = [np.array(axes, np.int64)]
    model = node_model(op, [(2, 3, 5, 4)], constants, opset=18, keepdims=0)
    assert_equals_onnxruntime(model, tmp_path)


def test_no_axes_may_mean_nothing_to_do(tmp_path: Path) -> None:
    model = node_model("ReduceMax", [(2, 3)], opset=18, noop_with_empty_axes=1)
    assert node_names(imported(model, tmp_path)) == ["reshape"]  # the copy that names the output


def test_axis_that_does_not_exist(tmp_path: Path) -> None:
    model = node_model("ReduceSum", [(2, 3)], [np.array([2], np.int64)])
    with pytest.raises(EdgecError) as caught:
        imported(model, tmp_path)
    assert caught.value.code == "malformed-model"


def test_tflite_maximum_between_two_scales_is_refused() -> None:
    g = GraphBuilder("g")
    x = g.input("x", int8((1, 4), 0.1))
    axes = g.constant("axes", np.array([1], np.int32))
    results = (QParams.per_tensor(0.2),)
    node = SourceNode(Format.TFLITE, "REDUCE_MAX", "n", (x, axes), ("y",), {}, Place(), results)
    with pytest.raises(EdgecError, match="quantization") as caught:
        IMPORTERS[(Format.TFLITE, "REDUCE_MAX")](node, g)
    assert caught.value.code == "unsupported-quantization"


def test_the_logarithm_of_a_sum(tmp_path: Path) -> None:
    graph = imported(node_model("ReduceLogSum", [(2, 3)], opset=17, axes=[1], keepdims=0), tmp_path)
    x = np.array([[1, 2, 3], [0.5, 0.25, 4]], np.float32)
    (y,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_allclose(y, np.log(x.sum(axis=1)), rtol=1e-6)


def test_a_product_of_too_many_elements(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="a product of 100 elements"):
        imported(node_model("ReduceProd", [(2, 100)], opset=17, axes=[1]), tmp_path)


@pytest.mark.parametrize("axis", [-1, 1, 2])
@pytest.mark.parametrize("p", [1, 2])
def test_rows_divided_by_their_norm(p: int, axis: int, tmp_path: Path) -> None:
    model = node_model("LpNormalization", [(2, 3, 5, 4)], opset=17, axis=axis, p=p)
    assert_equals_onnxruntime(model, tmp_path)


def test_a_clamp_from_minus_one_is_no_reason_to_leave_magnitudes_out(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Clip", ["x", "low", "high"], ["clipped"]),
        helper.make_node("LpNormalization", ["clipped"], ["y"], p=1),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 7]) for n in ("x", "y")]
    bounds = [
        numpy_helper.from_array(np.float32(number), name)
        for name, number in (("low", -1), ("high", 1))
    ]
    graph = helper.make_graph(nodes, "clamped", ends[:1], ends[1:], bounds)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    assert_equals_onnxruntime(model, tmp_path)
