"""Quantized ONNX models: every form becomes integers with just the scales that the file states."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import pytest
from onnx import TensorProto
from qdq_models import QdqBuilder, assert_within_a_step, checked, integers, judge, run_integers

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, QParams, evaluate
from edgec.ops.conversion.fake_quantize import FakeQuantize
from edgec.pipelines import optimize_float
from edgec.quantization.prequantized.prequantized import Prequantized

KINDS = (np.int8, np.uint8)
IN, OUT = 0.03, 0.11
RNG = np.random.default_rng(3)
IMAGE = RNG.normal(size=(1, 4, 6, 5)).astype(np.float32)


def convolution(kind: type, *, per_channel: bool, relu: bool = False) -> tuple[QdqBuilder, str]:
    """Return a QDQ convolution; weights are of the type of activations."""
    b = QdqBuilder(kind=kind)
    x = b.qdq(b.input("image", IMAGE.shape), IN, 7)
    data = b.integers(3, 4, 3, 3, kind=kind)
    zero = 128 if kind is np.uint8 else 0
    scales = np.array([0.01, 0.02, 0.005]) if per_channel else np.array(0.01)
    zeros: Array = np.full(scales.shape, zero, kind)
    bias = b.bias(np.array([100, -2000, 30]), np.float32(scales) * np.float32(IN))
    y = b.add("Conv", x, b.stored(data, scales, zeros), bias, pads=[1, 1, 1, 1])
    return b, b.qdq(b.add("Relu", y) if relu else y, OUT, -3)


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_convolution(kind: type, per_channel: bool, tmp_path: Path) -> None:
    b, y = convolution(kind, per_channel=per_channel)
    graph = assert_within_a_step(b.file(tmp_path, y), {"image": IMAGE})
    (node,) = graph.nodes
    assert graph.types[graph.inputs[0]].quantization == QParams.per_tensor(IN, 7)
    assert graph.types[graph.outputs[0]].quantization == QParams.per_tensor(OUT, -3)
    weights = graph.types[node.inputs[1]].quantization
    assert weights.scales == tuple(np.array([0.01, 0.02, 0.005][: len(weights.scales)], np.float32))
    assert len(weights.scales) == (3 if per_channel else 1)
    stored = QdqBuilder(kind=kind).integers(3, 4, 3, 3, kind=kind).astype(int)
    shift = 128 if kind is np.uint8 else 0
    ours = graph.constants[node.inputs[1]].transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(ours, stored - shift)
    np.testing.assert_array_equal(graph.constants[node.inputs[2]], [100, -2000, 30])


def test_a_relu_before_the_quantization_is_fused(tmp_path: Path) -> None:
    b, y = convolution(np.int8, per_channel=True, relu=True)
    graph = assert_within_a_step(b.file(tmp_path, y), {"image": IMAGE})
    assert [str(node.op) for node in graph.nodes] == [
        "conv2d(window=3x3 pads=(1, 1, 1, 1), activation=RELU)"
    ]


def test_what_rounding_twice_adds_to_positive_results_is_taken_back(tmp_path: Path) -> None:
    """An output without negative numbers: its biases are one less than the file's."""
    b = QdqBuilder()
    x = b.qdq(b.input("image", IMAGE.shape), IN)
    w = b.stored(b.integers(3, 4, 1, 1), np.array(0.01), np.array(0, np.int8))
    y = b.add("Conv", x, w, b.bias(np.array([5, 6, 7]), np.array(0.01) * np.float32(IN)))
    graph = assert_within_a_step(b.file(tmp_path, b.qdq(y, OUT, -128)), {"image": IMAGE})
    np.testing.assert_array_equal(graph.constants[graph.nodes[0].inputs[2]], [4, 5, 6])


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("op", ["Gemm", "MatMul"])
def test_dense(op: str, per_channel: bool, tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.qdq(b.input("x", [1, 8]), IN, 5)
    scales = np.linspace(0.01, 0.03, 5) if per_channel else np.array(0.02)
    zeros = np.zeros(scales.shape, np.int8)
    w = b.stored(b.integers(8, 5), scales, zeros, axis=1)
    y = b.add("MatMul", x, w)
    if op == "Gemm":
        y = b.add("Gemm", x, w, b.bias(np.arange(5) * 50, np.float32(scales) * np.float32(IN)))
    graph = assert_within_a_step(
        b.file(tmp_path, b.qdq(y, OUT, 3)), {"x": RNG.normal(size=(1, 8)).astype(np.float32)}
    )
    names = {node.op.name for node in graph.nodes}
    assert names == ({"conv2d", "reshape"} if per_channel else {"fully_connected"})


def test_transposed_weights_keep_their_scales(tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.qdq(b.input("x", [1, 8]), IN, 5)
    kept = b.stored(b.integers(5, 8), np.linspace(0.01, 0.03, 5), np.zeros(5, np.int8))
    y = b.add("MatMul", x, b.add("Transpose", kept, perm=[1, 0]))
    x_data = RNG.normal(size=(1, 8)).astype(np.float32)
    graph = assert_within_a_step(b.file(tmp_path, b.qdq(y, OUT)), {"x": x_data})
    (layer,) = [node for node in graph.nodes if node.op.name == "conv2d"]
    assert graph.types[layer.inputs[1]].quantization.scales == tuple(
        np.linspace(0.01, 0.03, 5).astype(np.float32)
    )


def test_weights_quantized_in_the_file(tmp_path: Path) -> None:
    """Training tools leave float weights behind QuantizeLinear; Brevitas clips the integers."""
    b = QdqBuilder()
    x = b.qdq(b.input("x", [1, 8]), IN, 5)
    data = b.weight(RNG.normal(size=(8, 5)).astype(np.float32))
    q = b.quantized(data, 0.02)
    clipped = b.add("Clip", q, b.weight(np.int8(-100)), b.weight(np.int8(100)))
    y = b.add("MatMul", x, b.dequantized(clipped, 0.02))
    x_data = RNG.normal(size=(1, 8)).astype(np.float32)
    graph = assert_within_a_step(b.file(tmp_path, b.qdq(y, OUT)), {"x": x_data})
    w = graph.nodes[0].inputs[1]
    assert graph.types[w].quantization == QParams.per_tensor(0.02)
    assert np.abs(graph.constants[w].astype(int)).max() == 100


class Pooled(TypedDict, total=False):
    """Over what a pool is taken."""

    axes: list[int]
    kernel_shape: list[int]
    strides: list[int]


def pool_path(b: QdqBuilder, op: str, folder: Path, **attributes: Unpack[Pooled]) -> Path:
    x = b.qdq(b.input("image", IMAGE.shape), IN, 7)
    y = b.add(op, x, **attributes)
    return b.file(folder, b.qdq(y, 0.021, 9))


@pytest.mark.parametrize("op", ["GlobalAveragePool", "ReduceMean", "AveragePool", "MaxPool"])
def test_pools_may_change_the_scale(op: str, tmp_path: Path) -> None:
    attributes: Pooled = {}
    if op == "ReduceMean":
        attributes = {"axes": [2, 3]}
    elif op != "GlobalAveragePool":
        attributes = {"kernel_shape": [2, 2], "strides": [2, 2]}
    path = pool_path(QdqBuilder(), op, tmp_path, **attributes)
    checked(path)
    graph = integers(path)
    (actual,), (wanted,) = run_integers(graph, {"image": IMAGE}), judge(path, {"image": IMAGE})
    limit = 1.01 if op != "AveragePool" else 2.01  # rounded to both scales, one after the other
    assert np.abs(actual - wanted).max() <= limit * 0.021
    assert graph.types[graph.outputs[0]].quantization == QParams.per_tensor(0.021, 9)


@pytest.mark.parametrize("image", [False, True])
@pytest.mark.parametrize("relu", [False, True])
def test_a_batch_norm_left_in_float_becomes_a_layer(
    image: bool, relu: bool, tmp_path: Path
) -> None:
    """As onnxruntime's tool leaves it behind a dense layer: no scale between layer and norm."""
    b = QdqBuilder()
    shape = (1, 5, 4, 3) if image else (2, 5)
    x = b.qdq(b.input("x", shape), IN, 7)
    x = b.qdq(b.add("MaxPool", x, kernel_shape=[2, 2]), IN, 7) if image else x
    y = b.batch_norm(x, 5)
    y = b.qdq(b.add("Relu", y) if relu else y, OUT, -3)
    path = b.file(tmp_path, y)
    graph = assert_within_a_step(path, {"x": RNG.normal(size=shape).astype(np.float32)})
    names = [node.op.name for node in graph.nodes if node.op.name != "reshape"]
    assert names == ["max_pool2d"] * image + ["depthwise_conv2d"]
    assert not Prequantized.of(optimize_float(load_onnx(path))).warnings


def test_the_narrow_range_of_a_mean_does_not_cut_what_is_averaged(tmp_path: Path) -> None:
    """As onnxruntime's QOperator format has it: a rectifier and a pool in floats, on their own."""
    b, y = convolution(np.int8, per_channel=False)
    y = b.qdq(b.add("GlobalAveragePool", b.add("Relu", y)), 0.012, -128)
    assert_within_a_step(b.file(tmp_path, y), {"image": IMAGE})


def test_operators_that_move_data_need_no_scales_of_their_own(tmp_path: Path) -> None:
    b, y = convolution(np.int8, per_channel=False)
    y = b.add("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = b.add("Concat", y, y, axis=1)
    y = b.add("Flatten", y)
    w = b.stored(b.integers(36, 3), np.array(0.01), np.array(0, np.int8))
    y = b.qdq(b.add("MatMul", y, w), 0.5)
    graph = assert_within_a_step(b.file(tmp_path, y), {"image": IMAGE})
    assert "quantize" not in {node.op.name for node in graph.nodes}


def test_data_may_be_moved_as_integers(tmp_path: Path) -> None:
    """Between QuantizeLinear and DequantizeLinear, as optimizers leave it."""
    b = QdqBuilder()
    q = b.quantized(b.input("image", IMAGE.shape), IN, 7)
    q = b.add("MaxPool", q, kernel_shape=[2, 2], strides=[2, 1])
    q = b.add("Reshape", q, b.ints(1, -1))
    graph = assert_within_a_step(b.file(tmp_path, b.dequantized(q, IN, 7)), {"image": IMAGE})
    assert graph.types[graph.outputs[0]].quantization == QParams.per_tensor(IN, 7)


def test_integers_clipped_to_a_narrow_range(tmp_path: Path) -> None:
    b = QdqBuilder()
    q = b.quantized(b.input("image", IMAGE.shape), IN, 7)
    q = b.add("Clip", q, b.weight(np.int8(-20)), b.weight(np.int8(30)))
    assert_within_a_step(b.file(tmp_path, b.dequantized(q, IN, 7)), {"image": IMAGE})


def test_branches_with_scales_of_their_own(tmp_path: Path) -> None:
    """Two additions and a concatenation of what was quantized differently."""
    b = QdqBuilder()
    x = b.input("image", IMAGE.shape)
    one, two = b.qdq(x, IN, 7), b.qdq(x, 0.02, -20)
    total = b.qdq(b.add("Add", one, two), 0.06)
    y = b.qdq(b.add("Concat", one, total, axis=1), 0.06)
    assert_within_a_step(b.file(tmp_path, y), {"image": IMAGE / 2})


def test_constant_operands_keep_their_scale(tmp_path: Path) -> None:
    b = QdqBuilder(kind=np.uint8)
    x = b.qdq(b.input("image", IMAGE.shape), IN, 7)
    data = np.arange(1, 5, dtype=np.uint8).reshape(1, 4, 1, 1) * 40
    c = b.stored(data, np.array(0.004), np.array(10, np.uint8))
    y = b.qdq(b.add("Mul", x, c), 0.025)
    graph = assert_within_a_step(b.file(tmp_path, y), {"image": IMAGE})
    kinds = [graph.types[v] for v in graph.nodes[0].inputs if v in graph.constants]
    assert [kind.quantization for kind in kinds] == [QParams.per_tensor(0.004, 10 - 128)]


@pytest.mark.parametrize("op", ["Softmax", "Sigmoid", "Tanh"])
def test_functions_with_a_prescribed_output(op: str, tmp_path: Path) -> None:
    b = QdqBuilder()
    y = b.add(op, b.qdq(b.input("x", [1, 8]), IN, 5))
    x = {"x": RNG.normal(size=(1, 8)).astype(np.float32)}
    graph = assert_within_a_step(b.file(tmp_path, b.qdq(y, 0.009, -20)), x)
    assert graph.types[graph.outputs[0]].quantization == QParams.per_tensor(0.009, -20)


@pytest.mark.parametrize("kind", KINDS)
def test_integer_inputs_and_outputs(kind: type, tmp_path: Path) -> None:
    b = QdqBuilder(kind=kind)
    code = TensorProto.INT8 if kind is np.int8 else TensorProto.UINT8
    x = b.dequantized(b.input("x", [1, 8], code), IN, 5)
    y = b.quantized(b.add("Sigmoid", x), 1 / 256, -128)
    path = b.file(tmp_path, y, kind=code)
    checked(path)
    graph = integers(path)
    data = np.arange(-120, 120, 30).astype(np.int8).reshape(1, 8)
    stored = data if kind is np.int8 else (data.astype(int) + 128).astype(np.uint8)
    (wanted,) = judge(path, {"x": stored})
    (actual,) = evaluate(graph, {graph.inputs[0]: stored}).values()
    shift = 0 if kind is np.int8 else 128
    assert graph.types[graph.inputs[0]].quantization == QParams.per_tensor(IN, 5 + shift)
    assert actual.dtype == wanted.dtype == np.dtype(kind)
    assert np.abs(actual.astype(int) - wanted.astype(int)).max() <= 1


def qlinear(b: QdqBuilder, op: str) -> str:
    """Add one operator on integers; returns its output."""
    x = b.quantized(b.input("image", IMAGE.shape), IN, 7)
    own, out = (b.scale(IN), b.zero(7)), (b.scale(OUT), b.zero(-3))
    if op == "QLinearConv":
        scales = b.weight(np.array([0.01, 0.02, 0.005], np.float32))
        w = (b.weight(b.integers(3, 4, 3, 3)), scales, b.weight(np.zeros(3, np.int8)))
        bias = b.weight(np.array([1000, -500, 20], np.int32))
        return b.add(op, x, *own, *w, *out, bias)
    if op == "QLinearConcat":
        return b.microsoft(op, *out, x, *own, *other(b), axis=1)
    if op in {"QLinearAdd", "QLinearMul"}:
        return b.microsoft(op, x, *own, *other(b), *out)
    if op == "QLinearWhere":
        condition = b.weight(np.ones(IMAGE.shape, np.bool_))
        return b.microsoft(op, condition, x, *own, *other(b), *out)
    return b.microsoft(op, x, *own, *out, **ATTRIBUTES.get(op, {}))


def other(b: QdqBuilder) -> tuple[str, str, str]:
    """Add a constant of the image's shape with scale and zero point."""
    return b.weight(b.integers(*IMAGE.shape, kind=b.kind)), b.scale(0.02), b.zero(4)


ATTRIBUTES: dict[str, dict[str, Any]] = {
    "QLinearGlobalAveragePool": {"channels_last": 0},
    "QLinearAveragePool": {"kernel_shape": [2, 2]},
    "QLinearLeakyRelu": {"alpha": 0.2},
    "QLinearSoftmax": {"axis": 3, "opset": 13},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "op",
    [
        "QLinearConv",
        "QLinearAdd",
        "QLinearMul",
        "QLinearConcat",
        "QLinearGlobalAveragePool",
        "QLinearAveragePool",
        "QLinearLeakyRelu",
        "QLinearSigmoid",
        "QLinearSoftmax",
        "QLinearWhere",
    ],
)
def test_operators_on_integers(op: str, kind: type, tmp_path: Path) -> None:
    b = QdqBuilder(kind=kind)
    path = b.file(tmp_path, b.dequantized(qlinear(b, op), OUT, -3), rank=4)
    graph = integers(path)
    (actual,), (wanted,) = run_integers(graph, {"image": IMAGE}), judge(path, {"image": IMAGE})
    assert np.abs(actual - wanted).max() <= 1.01 * OUT
    assert graph.types[graph.outputs[0]].quantization == QParams.per_tensor(OUT, -3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("op", ["QLinearMatMul", "QGemm"])
def test_dense_operators_on_integers(op: str, kind: type, tmp_path: Path) -> None:
    b = QdqBuilder(kind=kind)
    x = b.quantized(b.input("x", [1, 8]), IN, 5)
    w = (b.weight(b.integers(8, 5)), b.scale(0.02), b.weight(np.int8(0)))
    out = (b.scale(OUT), b.zero(3))
    if op == "QGemm":
        bias = b.weight(np.arange(5, dtype=np.int32) * 100)
        y = b.microsoft(op, x, b.scale(IN), b.zero(5), *w, bias, *out)
    else:
        y = b.add(op, x, b.scale(IN), b.zero(5), *w, *out)
    path = b.file(tmp_path, b.dequantized(y, OUT, 3), rank=2)
    data = {"x": RNG.normal(size=(1, 8)).astype(np.float32)}
    graph = integers(path)
    (actual,), (wanted,) = run_integers(graph, data), judge(path, data)
    assert np.abs(actual - wanted).max() <= 1.01 * OUT
    assert [node.op.name for node in graph.nodes] == ["fully_connected"]


def test_onnxruntimes_own_domain_of_qdq(tmp_path: Path) -> None:
    b = QdqBuilder()
    q = b.microsoft("QuantizeLinear", b.input("x", [1, 8]), b.scale(IN), b.zero(5))
    y = b.microsoft("DequantizeLinear", q, b.scale(IN), b.zero(5))
    path = b.file(tmp_path, y, rank=2)
    assert [n.op for n in load_onnx(path).nodes if isinstance(n.op, FakeQuantize)] == [
        FakeQuantize(scale=float(np.float32(IN)), zero_point=5)
    ]


@pytest.mark.parametrize("fill", [None, -100, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_a_border_of_integers_is_the_number_they_stand_for(
    kind: type, fill: int | None, tmp_path: Path
) -> None:
    """Without a value ONNX pads with the integer 0, which is no zero beside a zero point."""
    b = QdqBuilder(kind=kind)
    x = b.quantized(b.input("image", IMAGE.shape), IN, 7)
    value = [] if fill is None else [b.zero(fill)]
    padded = b.add("Pad", x, b.ints(0, 0, 1, 2, 0, 0, 0, 1), *value)
    graph = assert_within_a_step(b.file(tmp_path, b.dequantized(padded, IN, 7)), {"image": IMAGE})
    assert [node.op.name for node in graph.nodes if node.op.name == "pad"] == ["pad"]


def large_border(b: QdqBuilder, x: str) -> str:
    return b.add("Pad", x, b.ints(0, 0, 1, 1, 0, 0, 1, 1), b.weight(np.float32(9)))


def large_floor(b: QdqBuilder, x: str) -> str:
    return b.add("Max", x, b.weight(np.linspace(4, 8, IMAGE.shape[3]).astype(np.float32)))


@pytest.mark.parametrize("build", [large_border, large_floor])
def test_unmarked_values_hold_what_constants_bring(
    build: Callable[[QdqBuilder, str], str], tmp_path: Path
) -> None:
    """The input ends at 3.6; what is between it and the layer has no range in the file."""
    b = QdqBuilder()
    x = b.qdq(b.input("image", IMAGE.shape), IN, 7)
    w = b.stored(b.integers(3, 4, 1, 1), np.array(0.001), np.array(0, np.int8))
    y = b.qdq(b.add("Conv", build(b, x), w), OUT)
    assert_within_a_step(b.file(tmp_path, y), {"image": IMAGE})
