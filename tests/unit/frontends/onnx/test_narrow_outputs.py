"""Outputs of 8 or 16 bits without a scale: masks, images, labels as post-processing makes them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx_models import OnnxBuilder

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, DType, Graph, QParams, ValueName, evaluate
from edgec.pipelines import optimize_float

TYPES = {
    TensorProto.UINT8: DType.UINT8,
    TensorProto.INT8: DType.INT8,
    TensorProto.INT16: DType.INT16,
}
Tail = Callable[[OnnxBuilder, str, int], str]


def labels(b: OnnxBuilder, y: str, kind: int) -> str:
    return b.add("Cast", b.add("ArgMax", y, axis=1, keepdims=0), to=kind)


def views(b: OnnxBuilder, y: str, kind: int) -> str:
    labeled = b.add("Transpose", labels(b, y, kind), perm=[0, 2, 1])
    return b.add("Unsqueeze", labeled, b.ints(1))


def mask(b: OnnxBuilder, y: str, kind: int) -> str:
    return b.add("Cast", b.add("Greater", y, b.weight(np.float32(0.1))), to=kind)


def scaled(b: OnnxBuilder, y: str, kind: int) -> str:
    number = np.array(100, helper.tensor_dtype_to_np_dtype(kind))
    return b.add("Mul", mask(b, y, kind), b.weight(number))


def chosen(b: OnnxBuilder, y: str, kind: int) -> str:
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    two = [b.weight(np.array(each, dtype)) for each in (127, 3)]
    return b.add("Where", b.add("Greater", y, b.weight(np.float32(0.1))), *two)


def wrapped(b: OnnxBuilder, y: str, kind: int) -> str:
    """Numbers beyond the type, which keep their lowest bits, also where they are read again."""
    index = b.add("ArgMax", y, axis=1, keepdims=0)
    far = b.add("Sub", b.add("Mul", index, b.ints(33333)), b.ints(40000))
    narrow = b.add("Cast", far, to=kind)
    wide = b.add("Cast", narrow, to=TensorProto.INT64)
    return b.add("Cast", b.add("Div", wide, b.ints(3)), to=kind)


def read_twice(b: OnnxBuilder, y: str, kind: int) -> str:
    """Real numbers whose integers the model reads on: they are cut off before."""
    whole = b.add("Cast", b.add("Mul", y, b.weight(np.float32(9))), to=kind)
    return b.add("Add", whole, whole)


def saved(tail: Tail, kind: int, folder: Path) -> Path:
    b = OnnxBuilder()
    y = b.add("Sigmoid", b.conv(b.input("x", (1, 3, 6, 5)), (3, 4)))
    output = helper.make_tensor_value_info(tail(b, y, kind), kind, None)
    graph = helper.make_graph(b.nodes, "g", b.inputs, [output], b.weights)
    path = folder / "model.onnx"
    opsets = [helper.make_opsetid("", b.opset)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def compare(path: Path, graph: Graph) -> tuple[Array, Array]:
    x = np.random.default_rng(1).standard_normal((1, 3, 6, 5)).astype(np.float32)
    (wanted,) = onnxruntime.InferenceSession(str(path)).run(None, {"x": x})
    (name,), (y,) = graph.inputs, graph.outputs
    order = graph.layouts.get(name, (0, 1, 2, 3))
    found = evaluate(graph, {name: x.transpose(order)})[y]
    layout = graph.layouts.get(y, tuple(range(wanted.ndim)))
    return wanted.transpose(layout), found


TAILS = (labels, views, mask, scaled, chosen, wrapped, read_twice)
WHOLE = [(tail, kind) for tail in TAILS for kind in TYPES]
WHOLE.remove((chosen, TensorProto.INT16))  # onnxruntime has no Where of int16


@pytest.mark.parametrize(("tail", "kind"), WHOLE)
def test_whole_numbers_have_the_type_of_the_file(tail: Tail, kind: int, tmp_path: Path) -> None:
    path = saved(tail, kind, tmp_path)
    graph = optimize_float(load_onnx(path))
    (y,) = graph.outputs
    assert graph.types[y].dtype is TYPES[kind]
    assert graph.types[y].qparams is None
    assert not graph.doors
    wanted, found = compare(path, graph)
    assert found.dtype == wanted.dtype
    assert np.array_equal(found, wanted)


def test_a_mask_takes_no_step_of_32_bits(tmp_path: Path) -> None:
    graph = optimize_float(load_onnx(saved(mask, TensorProto.UINT8, tmp_path)))
    assert [node.op.name for node in graph.nodes].count("cast") == 1


def image(b: OnnxBuilder, y: str, kind: int) -> str:
    x = b.add("Mul", y, b.weight(np.float32(100)))
    x = b.add("Clip", x, b.weight(np.float32(0)), b.weight(np.float32(90)))
    return b.add("Transpose", b.add("Cast", x, to=kind), perm=[0, 2, 3, 1])


@pytest.mark.parametrize("kind", TYPES)
def test_an_image_is_real_to_the_end(kind: int, tmp_path: Path) -> None:
    path = saved(image, kind, tmp_path)
    graph = optimize_float(load_onnx(path))
    (y,) = graph.outputs
    assert graph.types[y].dtype is DType.FLOAT32
    door = graph.doors[ValueName(y)]
    assert (door.dtype, door.qparams) == (TYPES[kind], QParams.per_tensor(1.0))
    wanted, found = compare(path, graph)
    assert np.array_equal(np.trunc(found), wanted)


@pytest.mark.parametrize("number", [TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64])
def test_other_integers_are_int32(number: int, tmp_path: Path) -> None:
    path = saved(labels, number, tmp_path)
    graph = load_onnx(path)
    (y,) = graph.outputs
    assert graph.types[y].dtype is DType.INT32
    wanted, found = compare(path, graph)
    assert np.array_equal(found, wanted)
