"""Integer inputs that a Cast makes floats of: floats in the graph, integers at the door."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx_models import OnnxBuilder

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import DType, QParams, TensorType, ValueName, evaluate
from edgec.pipelines import optimize_float

TYPES = {
    TensorProto.UINT8: DType.UINT8,
    TensorProto.BOOL: DType.UINT8,
    TensorProto.INT8: DType.INT8,
    TensorProto.INT16: DType.INT16,
    TensorProto.UINT16: DType.INT32,
    TensorProto.INT32: DType.INT32,
    TensorProto.INT64: DType.INT32,
}
ITSELF = QParams.per_tensor(1.0)


def saved(b: OnnxBuilder, output: str, folder: Path, shape: tuple[int, ...] | None = None) -> Path:
    y = helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)
    graph = helper.make_graph(b.nodes, "g", b.inputs, [y], b.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", b.opset)], ir_version=8)
    path = folder / "model.onnx"
    onnx.save(model, path)
    return path


def image(b: OnnxBuilder, kind: int = TensorProto.UINT8) -> str:
    """Add an image [1,6,6,3] that is moved, cast, scaled and standardized per channel."""
    x = b.add("Transpose", b.input("x", (1, 6, 6, 3), kind), perm=[0, 3, 1, 2])
    x = b.add("Cast", x, to=TensorProto.FLOAT)
    x = b.add("Div", x, b.weight(np.float32(255)))
    x = b.add("Sub", x, b.weight(np.array([0.5, 0.4, 0.3], np.float32).reshape(1, 3, 1, 1)))
    return b.add("Div", x, b.weight(np.array([0.2, 0.3, 0.4], np.float32).reshape(1, 3, 1, 1)))


@pytest.mark.parametrize("kind", TYPES)
def test_every_integer_type(kind: int, tmp_path: Path) -> None:
    b = OnnxBuilder()
    path = saved(b, b.conv(image(b, kind), (3, 4)), tmp_path)
    graph = optimize_float(load_onnx(path))
    x = ValueName("x")
    assert graph.types[x].dtype is DType.FLOAT32
    assert (graph.doors[x].dtype, graph.doors[x].qparams) == (TYPES[kind], ITSELF)
    same = helper.tensor_dtype_to_np_dtype(kind) == np.dtype(TYPES[kind].value)
    assert bool(graph.remarks) != same
    data = np.random.default_rng(0).integers(0, 2, (1, 6, 6, 3))
    array = data.astype(helper.tensor_dtype_to_np_dtype(kind))
    (wanted,) = onnxruntime.InferenceSession(str(path)).run(None, {"x": array})
    (y,) = graph.outputs
    found = evaluate(graph, {x: data.astype(np.float32)})[y]
    layout = graph.layouts.get(y, tuple(range(4)))
    assert np.allclose(found, wanted.transpose(layout), atol=1e-4)


def test_several_inputs_are_joined_before_the_cast(tmp_path: Path) -> None:
    b = OnnxBuilder()
    parts = [b.input(name, (1, 3), TensorProto.INT64) for name in "ab"]
    x = b.add("Cast", b.add("Concat", *parts, axis=1), to=TensorProto.FLOAT)
    path = saved(b, b.add("MatMul", x, b.random(6, 2)), tmp_path)
    assert set(load_onnx(path).doors) == {"a", "b"}


def test_an_input_that_is_needed_as_integers_stays_one(tmp_path: Path) -> None:
    """A shape, an index or a comparison needs integers, whatever else there is a Cast for."""
    b = OnnxBuilder()
    x = b.input("x", (1, 4), TensorProto.INT64)
    y = b.add("Cast", x, to=TensorProto.FLOAT)
    squares = b.add("Cast", b.add("Mul", x, x), to=TensorProto.FLOAT)
    path = saved(b, b.add("Add", y, squares), tmp_path)
    assert_it_counts(path)


def test_what_goes_out_as_it_came_stays_an_integer(tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.input("x", (1, 4), TensorProto.INT64)
    b.add("Cast", x, to=TensorProto.FLOAT, output="y")
    path = saved(b, "y", tmp_path)
    model = onnx.load(path)
    model.graph.output.append(helper.make_tensor_value_info("x", TensorProto.INT64, (1, 4)))
    onnx.save(model, path)
    assert_it_counts(path)


def assert_it_counts(path: Path) -> None:
    """The input is a plain number inside, and the outputs are onnxruntime's."""
    graph = load_onnx(path)
    (x,) = graph.inputs
    assert graph.types[x] == TensorType((1, 4), DType.INT32)
    assert not graph.doors
    data = np.array([[3, -5, 0, 1000]])
    wanted = onnxruntime.InferenceSession(str(path)).run(None, {"x": data})
    found = evaluate(graph, {x: data.astype(np.int32)})
    for name, each in zip(graph.outputs, wanted, strict=True):
        assert np.array_equal(found[name], each)


def test_conversions_at_the_ends_of_a_float_model_are_doors(tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.input("x", (1, 3, 6, 6), TensorProto.UINT8)
    other = b.input("other", (1, 4, 6, 6))
    scale, zero = b.weight(np.float32(0.02)), b.weight(np.uint8(99))
    y = b.conv(b.add("DequantizeLinear", x, scale, zero), (3, 4))
    y = b.add("Add", y, other)
    scale, zero = b.weight(np.float32(0.1)), b.weight(np.uint8(7))
    b.add("QuantizeLinear", y, scale, zero, output="y")
    graph = load_onnx(saved(b, "y", tmp_path))
    assert [node.op.name for node in graph.nodes].count("conv2d") == 1
    assert not {"quantize", "dequantize", "fake_quantize"} & {n.op.name for n in graph.nodes}
    doors = {name: (door.dtype, str(door.qparams)) for name, door in graph.doors.items()}
    assert doors == {
        "x": (DType.UINT8, "scale=0.0199999996 zp=99"),
        "y": (DType.UINT8, "scale=0.100000001 zp=7"),
    }
