"""Log softmax against onnxruntime; the fixed-point logarithm against the real one."""

from pathlib import Path

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names

from edgec.errors import EdgecError, Place
from edgec.ir import DType, GraphBuilder, QParams, TensorType
from edgec.ops.numerics.fixed_point_log import log_from_one
from edgec.ops.registry import IMPORTERS, Format, SourceNode, load_all

load_all()


@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("axis", [None, -1, 0, 1, 2, 3])
def test_log_softmax_equals_onnxruntime(axis: int | None, opset: int, tmp_path: Path) -> None:
    model = node_model("LogSoftmax", [(2, 3, 4, 5)], opset=opset, axis=axis)
    assert_equals_onnxruntime(model, tmp_path)


def test_log_softmax_of_a_matrix_is_one_node(tmp_path: Path) -> None:
    graph = imported(node_model("LogSoftmax", [(1, 10)], axis=1), tmp_path)
    assert node_names(graph) == ["log_softmax"]


def test_axis_that_does_not_exist_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        imported(node_model("LogSoftmax", [(1, 10)], axis=2), tmp_path)
    assert caught.value.code == "malformed-model"


def test_logarithm_is_precise() -> None:
    x = np.concatenate([np.linspace(1, 3, 1000), np.geomspace(1, 4095, 1000)])
    logarithms = log_from_one(np.rint(x * 2**19).astype(np.int64), 12) / 2**26
    np.testing.assert_allclose(logarithms, np.log(x), atol=5e-6)


def test_scale_too_small_for_fixed_point_is_refused() -> None:
    g = GraphBuilder("g")
    x = g.input("x", TensorType((1, 4), DType.INT8, QParams.per_tensor(1e-9)))
    results = (QParams.per_tensor(1 / 16, 127),)
    node = SourceNode(Format.TFLITE, "LOG_SOFTMAX", "n", (x,), ("y",), {}, Place(), results)
    with pytest.raises(EdgecError, match="too small") as caught:
        IMPORTERS[(Format.TFLITE, "LOG_SOFTMAX")](node, g)
    assert caught.value.code == "unsupported-attribute"
