"""Integers of a quantized file survive what is folded into layers; scales alone change."""

from pathlib import Path

import numpy as np
import pytest
from onnx_models import Numbers
from qdq_models import QdqBuilder, assert_within_a_step, integers, judge, run_integers

from edgec.driver import BuildOptions
from edgec.driver.compile.compile import integer_model
from edgec.driver.progress import Quiet
from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph
from edgec.pipelines import optimize_float
from edgec.quantization.prequantized.prequantized import Prequantized

IN, OUT = 0.03, 0.11
RNG = np.random.default_rng(6)
IMAGE = RNG.normal(size=(1, 4, 6, 5)).astype(np.float32)


def stored(b: QdqBuilder, data: Array, scale: Numbers | float = 0.01) -> str:
    return b.stored(data, np.asarray(scale), np.zeros(np.shape(scale), np.int8))


def first_weights(graph: Graph) -> tuple[Array, Array]:
    """Return the weights of the first layer, [outputs, inputs, rows, columns], and its scales."""
    layer = next(node for node in graph.nodes if "conv2d" in node.op.name)
    name = layer.inputs[1]
    order = (3, 0, 1, 2) if layer.op.name == "depthwise_conv2d" else (0, 3, 1, 2)
    return graph.constants[name].transpose(order), np.array(graph.types[name].quantization.scales)


@pytest.mark.parametrize("group", [1, 4])
@pytest.mark.parametrize("per_channel", [False, True])
def test_a_batch_norm_keeps_them(group: int, per_channel: bool, tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.qdq(b.input("image", IMAGE.shape), IN)
    data = b.integers(4, 4 // group, 3, 3)
    w = stored(b, data, b.rng.uniform(0.01, 0.02, 4) if per_channel else 0.01)
    y = b.batch_norm(b.add("Conv", x, w, group=group, pads=[1] * 4), 4)
    path = b.file(tmp_path, b.qdq(b.add("Relu", y), OUT, -128))
    assert not Prequantized.of(optimize_float(load_onnx(path))).warnings
    actual, scales = first_weights(assert_within_a_step(path, {"image": IMAGE}))
    signs = (np.sign(actual.astype(int)) * np.sign(data)).reshape(4, -1)[:, :1].reshape(4, 1, 1, 1)
    np.testing.assert_array_equal(actual * signs, data)
    assert len(set(scales)) == 4


def test_activations_with_a_scale_per_channel(tmp_path: Path) -> None:
    """NNCF before depthwise layers: the layers on both sides take the scales."""
    b = QdqBuilder(kind=np.uint8)
    x = b.qdq(b.input("image", IMAGE.shape), IN)
    first, second = b.integers(4, 4, 1, 1), b.integers(4, 1, 3, 3)
    y = b.add("Relu", b.add("Conv", x, stored(b, first)))
    scales = b.weight(np.array([0.01, 0.02, 0.05, 0.03], np.float32))
    zeros = b.weight(np.zeros(4, np.uint8))
    y = b.add("QuantizeLinear", y, scales, zeros, axis=1)
    y = b.add("DequantizeLinear", y, scales, zeros, axis=1)
    y = b.add("Conv", y, stored(b, second), group=4, pads=[1] * 4)
    graph = assert_within_a_step(b.file(tmp_path, b.qdq(y, OUT)), {"image": IMAGE})
    assert [node.op.name for node in graph.nodes] == ["conv2d", "depthwise_conv2d"]
    np.testing.assert_array_equal(first_weights(graph)[0], first)
    depthwise = graph.constants[graph.nodes[1].inputs[1]]
    np.testing.assert_array_equal(depthwise.transpose(3, 0, 1, 2), second)


@pytest.mark.parametrize("what", ["zero points", "scales"])
def test_other_activations_per_channel_are_refused_with_the_option(
    what: str, tmp_path: Path
) -> None:
    b = QdqBuilder(kind=np.uint8)
    x = b.input("image", IMAGE.shape)
    count = 4 if what == "zero points" else 3
    scales = b.weight(np.full(count, 0.1, np.float32))
    zeros = b.weight(np.arange(count).astype(np.uint8))
    y = b.add("QuantizeLinear", x, scales, zeros, axis=1)
    with pytest.raises(EdgecError, match=f"{count} {what}") as caught:
        load_onnx(b.file(tmp_path, b.add("DequantizeLinear", y, scales, zeros, axis=1)))
    assert "per_channel=False" in caught.value.help


def test_factors_behind_a_relu_are_folded(tmp_path: Path) -> None:
    """SmoothQuant: no integers hold factors that differ a thousandfold."""
    b = QdqBuilder()
    x = b.qdq(b.input("x", (1, 8)), IN)
    first = b.integers(5, 8)
    y = b.add("Relu", b.add("Gemm", x, stored(b, first), transB=1))
    y = b.add("Mul", y, b.weight(np.array([1000, 1, 0.5, 0.01, 1], np.float32)))
    y = b.qdq(y, 0.5, -128)
    w = stored(b, b.integers(3, 5))
    path = b.file(tmp_path, b.qdq(b.add("Gemm", y, w, transB=1), OUT))
    graph = assert_within_a_step(path, {"x": RNG.normal(size=(1, 8)).astype(np.float32)})
    assert "mul" not in {node.op.name for node in graph.nodes}
    np.testing.assert_array_equal(first_weights(graph)[0].reshape(5, 8), first)


def test_a_product_with_a_number_needs_no_scale_of_its_own(tmp_path: Path) -> None:
    """Attention divides its scores: whatever is stated behind or before holds for both."""
    b = QdqBuilder()
    x = b.qdq(b.input("x", (1, 6, 8)), IN)
    y = b.add("MatMul", x, b.add("Transpose", x, perm=[0, 2, 1]))
    y = b.qdq(b.add("Mul", y, b.weight(np.array([0.25], np.float32))), 0.02)
    y = b.add("MatMul", b.add("Mul", y, b.weight(np.float32(3))), x)
    path = b.file(tmp_path, b.qdq(y, 0.2))
    sample = {"x": RNG.normal(size=(1, 6, 8)).astype(np.float32)}
    graph = integers(path)
    made = [graph.types[node.outputs[0]].quantization.scale for node in graph.nodes]
    assert made[-4:] == pytest.approx([0.08, 0.02, 0.06, 0.2])
    (actual,), (wanted,) = run_integers(graph, sample), judge(path, sample)
    assert np.abs(actual - wanted).max() <= 2.01 * 0.2


def test_weights_lie_on_the_grid_where_they_fit(tmp_path: Path) -> None:
    """Scales that are powers of two: weights are multiples of smaller ones of other tensors too."""
    b = QdqBuilder()
    x = b.qdq(b.input("x", (1, 8)), IN)
    first, second = b.integers(8, 8), b.integers(5, 8)
    first[0, 0] = second[0, 0] = 127
    y = b.qdq(b.add("Gemm", x, stored(b, first, 2**-9), transB=1), OUT)
    y = b.qdq(b.add("Gemm", y, stored(b, second, 2**-6), transB=1), OUT)
    path = b.file(tmp_path, y)
    assert not Prequantized.of(optimize_float(load_onnx(path))).warnings
    graph = integers(path)
    last = graph.nodes[-1].inputs[1]
    np.testing.assert_array_equal(graph.constants[last], second)
    assert graph.types[last].quantization.scale == 2**-6


def test_what_is_left_in_float_is_calibrated_before_a_layer_of_channels(tmp_path: Path) -> None:
    """Such a layer is written as a convolution, and values have other names then."""
    b = QdqBuilder()
    x = b.add("Relu", b.qdq(b.input("x", (1, 8)), IN))
    y = b.add("Add", x, b.weight(np.linspace(0, 1, 8).astype(np.float32)))
    w = stored(b, b.integers(5, 8), b.rng.uniform(0.01, 0.02, 5))
    path = b.file(tmp_path, b.add("Gemm", y, w, transB=1))
    samples = RNG.normal(size=(40, 8)).astype(np.float32)
    np.savez(tmp_path / "calib.npz", x=samples)
    with pytest.raises(EdgecError, match="states no quantization"):
        integer_model(BuildOptions(model=str(path)), Quiet())
    options = BuildOptions(model=str(path), calib=str(tmp_path / "calib.npz"))
    graph = integer_model(options, Quiet()).graph
    (actual,) = run_integers(graph, {"x": samples[:1]})
    (wanted,) = judge(path, {"x": samples[:1]})
    assert np.abs(actual - wanted).max() < 0.1 * np.abs(wanted).max()
