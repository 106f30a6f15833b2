"""Sums, lengths and extrema over axes against onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names
from ops.case import int8

from edgec.errors import EdgecError, Place
from edgec.ir import GraphBuilder, QParams
from edgec.ops.registry import IMPORTERS, Format, SourceNode, load_all

load_all()
OPS = ["ReduceMax", "ReduceMin", "ReduceSum", "ReduceL1", "ReduceL2", "ReduceSumSquare"]


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
