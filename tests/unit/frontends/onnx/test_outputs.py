"""What the outputs of a file are called, and how many there are."""

from pathlib import Path

import pytest
from onnx import TensorProto
from onnx_models import OnnxBuilder

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import verify


@pytest.mark.parametrize("constant", [True, False])
def test_an_output_that_is_listed_twice_is_one(constant: bool, tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.input("x", [3, 4])
    b.add("Size" if constant else "Relu", x, output="y")
    kind = TensorProto.INT64 if constant else TensorProto.FLOAT
    model = b.model("y", shapes=[[] if constant else [3, 4]])
    model.graph.output[0].type.tensor_type.elem_type = kind
    model.graph.output.append(model.graph.output[0])
    path = tmp_path / "twice.onnx"
    path.write_bytes(model.SerializeToString())
    graph = load_onnx(path)
    verify(graph)
    assert graph.outputs == ("y",)
