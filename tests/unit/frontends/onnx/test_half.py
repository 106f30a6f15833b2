"""Models in half precision: the same graph as in float32."""

from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import OnnxBuilder

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, DType, Graph, evaluate

HALVES = {TensorProto.FLOAT16: np.float16, TensorProto.BFLOAT16: ml_dtypes.bfloat16}
W = np.linspace(-1, 1, 12).reshape(4, 3)
X = np.linspace(-2, 2, 4, dtype=np.float32).reshape(1, 4)


def half_model(kind: int, *, inputs: int) -> onnx.ModelProto:
    """Return relu(x W) + c with weights of element type ``kind``, and casts."""
    b = OnnxBuilder()
    x = b.input("x", [1, 4], inputs)
    x = b.add("Cast", x, to=kind) if inputs != kind else x
    b.weights.append(numpy_helper.from_array(W.astype(HALVES[kind]), "w"))
    y = b.add("Relu", b.add("MatMul", x, "w"))
    one = numpy_helper.from_array(np.array([1.5], HALVES[kind]))
    c = b.add("ConstantOfShape", b.ints(3), value=one)
    b.add("Cast", b.add("Add", y, c), to=TensorProto.FLOAT, output="y")
    return b.model("y")


def loaded(model: onnx.ModelProto, folder: Path) -> Graph:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return load_onnx(path)


def expected(kind: int) -> Array:
    weights = W.astype(HALVES[kind]).astype(np.float32)
    return np.asarray(np.maximum(X @ weights, 0) + 1.5)


@pytest.mark.parametrize("whole", [True, False], ids=["all in half", "only weights"])
@pytest.mark.parametrize("kind", sorted(HALVES))
def test_half_precision_is_read_as_float32(kind: int, whole: bool, tmp_path: Path) -> None:
    graph = loaded(half_model(kind, inputs=kind if whole else TensorProto.FLOAT), tmp_path)
    assert {each.dtype for each in graph.types.values()} == {DType.FLOAT32}
    (y,) = evaluate(graph, {graph.inputs[0]: X}).values()
    np.testing.assert_allclose(y, expected(kind), rtol=1e-6, atol=1e-6)


def test_external_half_precision(tmp_path: Path) -> None:
    model = half_model(TensorProto.FLOAT16, inputs=TensorProto.FLOAT)
    path = tmp_path / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="data.bin", size_threshold=0)
    (y,) = evaluate(load_onnx(path), {load_onnx(path).inputs[0]: X}).values()
    np.testing.assert_allclose(y, expected(TensorProto.FLOAT16), rtol=1e-6, atol=1e-6)


def test_a_constant_with_too_few_halves_is_rejected(tmp_path: Path) -> None:
    model = half_model(TensorProto.FLOAT16, inputs=TensorProto.FLOAT)
    weights = next(each for each in model.graph.initializer if each.name == "w")
    weights.raw_data = weights.raw_data[:-2]
    with pytest.raises(EdgecError) as caught:
        loaded(model, tmp_path)
    assert caught.value.code == "malformed-model"


def test_outputs_become_float32(tmp_path: Path) -> None:
    b = OnnxBuilder()
    b.add("Relu", b.input("x", [1, 4], TensorProto.FLOAT16), output="y")
    model = b.model("y", shapes=[[1, 4]])
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT16, [1, 4]))
    graph = loaded(model, tmp_path)
    assert graph.types[graph.outputs[0]].dtype is DType.FLOAT32
