"""Operators around a network: those of skl2onnx, sums of many tensors, casts without effect."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names

from edgec.errors import EdgecError
from edgec.ir import Array, evaluate

FEATURES = 4
X = np.random.default_rng(1).normal(size=(1, FEATURES)).astype(np.float32)


def ml_model(
    op: str, *constants: Array, kind: int = TensorProto.FLOAT, **attributes: Any
) -> onnx.ModelProto:
    """Return a model of one operator of ai.onnx.ml."""
    weights = [numpy_helper.from_array(each, f"c{i}") for i, each in enumerate(constants)]
    names = ["x", *(each.name for each in weights)]
    node = helper.make_node(op, names, ["y"], name="node", domain="ai.onnx.ml", **attributes)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, FEATURES])
    y = helper.make_tensor_value_info("y", kind, ["n", "m"])
    graph = helper.make_graph([node], "model", [x], [y], weights)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def assert_same(model: onnx.ModelProto, folder: Path) -> list[str]:
    graph = imported(model, folder)
    (expected,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": X})
    (actual,) = evaluate(graph, {graph.inputs[0]: X}).values()
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    return node_names(graph)


@pytest.mark.parametrize(
    ("offset", "scale", "nodes"),
    [
        ([1.0, 2.0, -3.0, 0.5], [0.5, 2.0, 1.0, 0.1], ["sub", "mul"]),
        ([0.5], [2.0], ["sub", "mul"]),
        ([0.0], [2.0], ["mul"]),
    ],
    ids=str,
)
def test_scaler(offset: list[float], scale: list[float], nodes: list[str], tmp_path: Path) -> None:
    assert assert_same(ml_model("Scaler", offset=offset, scale=scale), tmp_path) == nodes


def test_scaler_of_another_number_of_features(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="3 values of 'offset'") as caught:
        imported(ml_model("Scaler", offset=[1.0] * 3, scale=[1.0] * 4), tmp_path)
    assert caught.value.code == "malformed-model"


def test_selected_features(tmp_path: Path) -> None:
    assert_same(ml_model("ArrayFeatureExtractor", np.array([2, 0], np.int64)), tmp_path)


def test_labels_are_no_tensor(tmp_path: Path) -> None:
    model = ml_model("LabelEncoder", kind=TensorProto.INT64, keys_floats=[1.0], values_int64s=[2])
    with pytest.raises(EdgecError) as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-operator"
    assert "scores" in caught.value.help
    assert "looked up in a table of 1 numbers" in caught.value.message


def test_what_prepares_a_table_is_refused_with_a_way_out(tmp_path: Path) -> None:
    model = ml_model("OneHotEncoder", cats_int64s=[1, 2, 3])
    with pytest.raises(EdgecError, match="prepares the columns of a table") as caught:
        imported(model, tmp_path)
    assert "in the application" in caught.value.help


def test_numbers_that_are_looked_up_are_not_called_labels(tmp_path: Path) -> None:
    """As a tree of several outputs has them: what its leaves say."""
    model = ml_model("ArrayFeatureExtractor")
    table = numpy_helper.from_array(np.array([0.25, 0.75, 0.25], np.float32), "table")
    model.graph.initializer.append(table)
    best = helper.make_node("ArgMax", ["x"], ["best"], axis=1)
    model.graph.node.insert(0, best)
    model.graph.node[1].input[:] = ["table", "best"]
    with pytest.raises(EdgecError, match="looked up in a table of 3 numbers") as caught:
        imported(model, tmp_path)
    assert "label is" not in caught.value.message


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("op", ["Sum", "Mean"])
def test_any_number_of_tensors(op: str, count: int, tmp_path: Path) -> None:
    model = node_model(op, [(2, 3), (1, 3), (2, 1)][:count])
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert node_names(graph).count("add") == count - 1


def cast_like(kind: int) -> onnx.ModelProto:
    return node_model("CastLike", [(2, 3)], [np.zeros(1, helper.tensor_dtype_to_np_dtype(kind))])


def test_a_cast_without_effect_is_dropped(tmp_path: Path) -> None:
    assert node_names(imported(cast_like(TensorProto.FLOAT), tmp_path)) == ["reshape"]


def test_a_cast_to_another_type_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="cast of float32 to int32") as caught:
        imported(cast_like(TensorProto.INT32), tmp_path)
    assert caught.value.code == "unsupported-attribute"
