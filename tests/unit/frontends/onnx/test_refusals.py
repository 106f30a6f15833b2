"""ONNX operators that are not compiled: refused by what they are for, with what to do."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.ir import Array


def model(node: onnx.NodeProto, *constants: tuple[str, Array]) -> onnx.ModelProto:
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, (1, 4)) for n in ("x", "y")]
    arrays = [numpy_helper.from_array(array, name) for name, array in constants]
    graph = helper.make_graph([node], "g", infos[:1], infos[1:], arrays)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(
    ("node", "reason", "remedy"),
    [
        (helper.make_node("RandomNormalLike", ["x"], ["y"]), "random", "model.eval()"),
        (helper.make_node("RandomUniformLike", ["x"], ["y"]), "random", "model.eval()"),
        (helper.make_node("RandomNormal", [], ["y"], shape=[1, 4]), "random", "model.eval()"),
        (helper.make_node("RandomUniform", [], ["y"], shape=[1, 4]), "random", "model.eval()"),
        (helper.make_node("Bernoulli", ["x"], ["y"]), "random", "model.eval()"),
        (helper.make_node("NonZero", ["x"], ["y"]), "depends on the data", "fixed shapes"),
    ],
)
def test_by_what_it_is_for(node: onnx.NodeProto, reason: str, remedy: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    made = model(node)
    if node.op_type == "NonZero":
        made.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
        made.graph.output[0].type.tensor_type.ClearField("shape")
    path.write_bytes(made.SerializeToString())
    with pytest.raises(EdgecError) as caught:
        load(path)
    (problem,) = caught.value.problems()
    assert problem.code == "unsupported-operator"
    assert f"operator {node.op_type} is not supported (used once): " in problem.message
    assert reason in problem.message
    assert remedy in problem.help


def test_dropout_in_training(tmp_path: Path) -> None:
    node = helper.make_node("Dropout", ["x", "ratio", "training"], ["y"])
    constants = [("ratio", np.array(0.5, np.float32)), ("training", np.array(True))]
    path = tmp_path / "m.onnx"
    path.write_bytes(model(node, *constants).SerializeToString())
    with pytest.raises(EdgecError, match="training mode") as caught:
        load(path)
    assert "model.eval()" in caught.value.help
