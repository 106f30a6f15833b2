"""QDQ models with 16-bit activations, and weights of 4 bits: integers as the file states them."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from oracle import Oracle
from qdq_models import QdqBuilder, integers, run_integers

from edgec.exporters import write_tflite
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, DType, Graph, QParams, evaluate
from edgec.pipelines import optimize_float
from edgec.quantization.prequantized.prequantized import Prequantized

RNG = np.random.default_rng(11)
IMAGE = RNG.normal(size=(1, 4, 6, 5)).astype(np.float32)
ROWS = RNG.normal(size=(2, 8)).astype(np.float32)
IN, OUT = 2.0**-13, 0.00041
FILE_ZERO: dict[type, int] = {
    np.int16: 0,
    np.uint16: 32768,
}  # what is no zero point in signed integers
KINDS = list(FILE_ZERO)


class WideBuilder(QdqBuilder):
    """Zero points are given as for int16."""

    def zero(self, value: int = 0) -> str:
        return self.weight(np.array(value + FILE_ZERO.get(self.kind, 0), self.kind))


def ours(path: Path, x: dict[str, Array]) -> tuple[Graph, list[Array]]:
    """Return the integer graph and its results, which the interpreter has to give too."""
    graph = integers(path)
    rng = np.random.default_rng(0)
    feeds = {
        name: rng.integers(-32768, 32768, graph.types[name].shape).astype(
            graph.types[name].dtype.numpy
        )
        for name in graph.inputs
    }
    theirs = Oracle(write_tflite(graph), exact=True).run({str(n): a for n, a in feeds.items()})
    for name, actual in evaluate(graph, feeds).items():
        np.testing.assert_array_equal(actual, theirs[name])
    return graph, run_integers(graph, x)


def judged(path: Path, x: dict[str, Array]) -> list[Array]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return list(onnxruntime.InferenceSession(str(path), options).run(None, x))


def assert_near(path: Path, x: dict[str, Array], steps: float = 2.01) -> Graph:
    """Within steps of 16 bits: TFLite's factors have 16 bits too, onnxruntime's are floats."""
    graph, results = ours(path, x)
    for name, actual, wanted in zip(graph.outputs, results, judged(path, x), strict=True):
        assert actual.shape == wanted.shape
        assert np.abs(actual - wanted).max() <= steps * graph.types[name].quantization.scale
    return graph


@pytest.mark.oracle
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_convolution_keeps_its_scales(kind: type, per_channel: bool, tmp_path: Path) -> None:
    b = WideBuilder(opset=21, kind=kind)
    x = b.qdq(b.input("image", IMAGE.shape), IN)
    scales = np.array([0.001, 0.002, 0.0005]) if per_channel else np.array(0.001)
    w = b.stored(b.integers(3, 4, 3, 3), scales, np.zeros(scales.shape, np.int8))
    bias = b.bias(np.array([9000, -80000, 300]), np.float32(scales) * np.float32(IN))
    y = b.qdq(b.add("Relu", b.add("Conv", x, w, bias, pads=[1, 1, 1, 1])), OUT)
    graph = assert_near(b.file(tmp_path, y), {"image": IMAGE})
    (node,) = graph.nodes
    kinds = [graph.types[value] for value in (*node.inputs, *node.outputs)]
    assert [each.dtype.value for each in kinds] == ["int16", "int8", "int64", "int16"]
    assert kinds[0].quantization == QParams.per_tensor(IN)
    assert kinds[3].quantization == QParams.per_tensor(OUT)
    wanted = tuple(float(each) for each in np.float32(scales).reshape(-1))
    assert kinds[1].quantization.scales == wanted
    assert not Prequantized.of(optimize_float(load_onnx(tmp_path / "model.onnx"))).warnings


@pytest.mark.oracle
@pytest.mark.parametrize("op", ["MatMul", "Add", "Mul", "Sigmoid", "Softmax", "Concat", "Exp"])
def test_operators(op: str, tmp_path: Path) -> None:
    """Exp may have no kernel for int16: it is computed in int8 then, and less exact."""
    b = WideBuilder(opset=21, kind=np.int16)
    x = b.qdq(b.input("x", ROWS.shape), IN)
    inputs = [x]
    if op == "MatMul":
        inputs.append(b.stored(b.integers(8, 5), np.array(0.001), np.array(0, np.int8)))
    elif op in {"Add", "Mul", "Concat"}:
        constant = b.weight(RNG.integers(-9999, 9999, ROWS.shape).astype(np.int16))
        inputs.append(b.dequantized(constant, 0.0001))
    axis = 1 if op in {"Softmax", "Concat"} else None
    out = {"Sigmoid": 2.0**-15, "Softmax": 2.0**-15, "Exp": 0.003}.get(op, 0.0005)
    path = b.file(tmp_path, b.qdq(b.add(op, *inputs, axis=axis), out))
    graph = assert_near(path, {"x": ROWS}, 500 if op == "Exp" else 3.01)
    assert graph.types[graph.outputs[0]].quantization == QParams.per_tensor(out)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zero", [-32768, -20000, 7])
def test_zero_points_become_larger_steps(kind: type, zero: int, tmp_path: Path) -> None:
    """What the file's range cuts off, such as a ReLU, is cut off here too."""
    b = WideBuilder(opset=21, kind=kind)
    x = b.qdq(b.input("x", ROWS.shape), IN)
    w = b.stored(b.integers(8, 5), np.array(0.001), np.array(0, np.int8))
    y = b.qdq(b.add("MatMul", x, w), 0.00001, zero)
    v = b.stored(b.integers(5, 3), np.array(0.001), np.array(0, np.int8))
    path = b.file(tmp_path, b.qdq(b.add("MatMul", y, v), 0.00001))
    graph = assert_near(path, {"x": ROWS}, 8)
    hidden = graph.types[graph.nodes[-1].inputs[0]]
    assert hidden.dtype is DType.INT16
    step = np.float32(0.00001 * max(32768 + zero, 32767 - zero) / 32767)
    assert hidden.quantization.scale == pytest.approx(step, rel=1e-6)
    (warning,) = Prequantized.of(optimize_float(load_onnx(path))).warnings
    assert "zero points of 16-bit" in warning


@pytest.mark.oracle
@pytest.mark.parametrize("narrow_first", [False, True])
def test_8_and_16_bits_in_one_layer(narrow_first: bool, tmp_path: Path) -> None:
    b = WideBuilder(opset=21, kind=np.int8 if narrow_first else np.int16)
    x = b.qdq(b.input("x", ROWS.shape), 0.025 if narrow_first else IN)
    w = b.stored(b.integers(8, 5), np.array(0.001), np.array(0, np.int8))
    b.kind = np.int16 if narrow_first else np.int8
    y = b.qdq(b.add("MatMul", x, w), 0.0001 if narrow_first else 0.02)
    graph = assert_near(b.file(tmp_path, y), {"x": ROWS})
    assert {graph.types[v].dtype for v in (*graph.inputs, *graph.outputs)} == {
        DType.INT8,
        DType.INT16,
    }


@pytest.mark.parametrize("kind", [TensorProto.INT16, TensorProto.UINT16])
def test_integers_at_the_door(kind: int, tmp_path: Path) -> None:
    b = WideBuilder(opset=21, kind=np.int16 if kind == TensorProto.INT16 else np.uint16)
    x = b.dequantized(b.input("x", [1, 4], kind), IN)
    graph = integers(b.file(tmp_path, b.qdq(b.add("Relu", x), IN)))
    assert graph.types[graph.inputs[0]].dtype is DType.INT16
    data = np.array([[-300, 0, 7, 32767]], np.int16)
    (y,) = evaluate(graph, {graph.inputs[0]: data}).values()
    np.testing.assert_array_equal(y, np.maximum(data, 0))


def test_weights_of_16_bits_are_rounded_with_a_warning(tmp_path: Path) -> None:
    b = WideBuilder(opset=21, kind=np.int16)
    x = b.qdq(b.input("x", ROWS.shape), IN)
    data = RNG.integers(-32000, 32000, (8, 5)).astype(np.int16)
    w = b.stored(data, np.array(0.00001), np.array(0, np.int16))
    path = b.file(tmp_path, b.qdq(b.add("MatMul", x, w), 0.0001))
    (warning,) = Prequantized.of(optimize_float(load_onnx(path))).warnings
    assert "rounded to the nearest" in warning
    (actual,) = run_integers(integers(path), {"x": ROWS})
    (wanted,) = judged(path, {"x": ROWS})
    assert np.abs(actual - wanted).max() <= 0.02 * np.abs(wanted).max()


def four_bits(
    b: QdqBuilder, data: Array, kind: int, *parameters: str, block_size: int | None = None
) -> str:
    """Add dequantized weights of 4 bits; ``block_size`` rows share a scale where one is given."""
    name = f"nibbles{len(b.weights)}"
    flat = data.reshape(-1).tolist()
    b.weights.append(helper.make_tensor(name, kind, data.shape, flat))
    axis = None if block_size is None else 0
    return b.add("DequantizeLinear", name, *parameters, axis=axis, block_size=block_size)


@pytest.mark.parametrize("kind", [TensorProto.INT4, TensorProto.UINT4])
def test_weights_of_4_bits_are_kept(kind: int, tmp_path: Path) -> None:
    b = QdqBuilder(opset=21)
    x = b.qdq(b.input("x", ROWS.shape), 0.025)
    low = 0 if kind == TensorProto.UINT4 else -8
    data = b.rng.integers(low, low + 16, (8, 5))
    zero = helper.make_tensor("zero", kind, [], [8 if low == 0 else 0])
    b.weights.append(zero)
    w = four_bits(b, data, kind, b.scale(0.125), "zero")
    path = b.file(tmp_path, b.qdq(b.add("MatMul", x, w), 0.05))
    graph = integers(path)
    weights = graph.nodes[0].inputs[1]
    stored = graph.constants[weights].T * graph.types[weights].quantization.scale
    np.testing.assert_array_equal(stored, (data - (8 if low == 0 else 0)) * 0.125)
    (actual,), (wanted,) = run_integers(graph, {"x": ROWS}), judged(path, {"x": ROWS})
    assert np.abs(actual - wanted).max() <= 1.01 * 0.05
    assert not Prequantized.of(optimize_float(load_onnx(path))).warnings


def test_weights_in_blocks_are_near(tmp_path: Path) -> None:
    """Four rows share a scale: int8 has one for all, and a warning says so."""
    b = QdqBuilder(opset=21)
    x = b.qdq(b.input("x", ROWS.shape), 0.025)
    data = b.rng.integers(-8, 8, (8, 5))
    scales = b.weight(b.rng.uniform(0.05, 0.2, (2, 5)).astype(np.float32))
    w = four_bits(b, data, TensorProto.INT4, scales, block_size=4)
    path = b.file(tmp_path, b.qdq(b.add("MatMul", x, w), 0.05))
    (actual,), (wanted,) = run_integers(integers(path), {"x": ROWS}), judged(path, {"x": ROWS})
    assert np.abs(actual - wanted).max() <= 2.01 * 0.05
    assert len(Prequantized.of(optimize_float(load_onnx(path))).warnings) == 1
