"""Weights of quantized ONNX models: int8 without a zero point, in steps as small as fit."""

from pathlib import Path

import numpy as np
import pytest
from qdq_models import QdqBuilder, assert_within_a_step, integers, judge, run_integers

from edgec.frontends.onnx.load import load_onnx
from edgec.pipelines import optimize_float
from edgec.quantization.prequantized.prequantized import Prequantized

IN, OUT = 0.03, 0.11
RNG = np.random.default_rng(3)
IMAGE = RNG.normal(size=(1, 4, 6, 5)).astype(np.float32)


@pytest.mark.parametrize(("bias", "halvings"), [(1000, 4), (2**28, 1), (2**30, 0)])
def test_weights_of_4_bits_get_smaller_steps(bias: int, halvings: int, tmp_path: Path) -> None:
    """The same numbers: sums in finer steps lose less by rounding twice; biases have to fit."""
    b = QdqBuilder()
    x = b.qdq(b.input("x", (1, 8)), IN)
    data, scale = b.rng.integers(-8, 8, (5, 8)).astype(np.int8), np.float32(0.25)
    data[0, :2] = -8, 7
    w = b.stored(data, scale, np.array(0, np.int8))
    y = b.add("Gemm", x, w, b.bias(np.full(5, bias), scale * np.float32(IN)), transB=1)
    graph = integers(b.file(tmp_path, b.qdq(y, OUT)))
    (layer,) = graph.nodes
    kind = graph.types[layer.inputs[1]].quantization
    assert kind.scale == scale / 2**halvings
    np.testing.assert_array_equal(graph.constants[layer.inputs[1]], data * 2**halvings)
    np.testing.assert_array_equal(graph.constants[layer.inputs[2]], np.full(5, bias) * 2**halvings)


def test_channels_in_few_steps_keep_the_files_scale(tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.qdq(b.input("image", IMAGE.shape), IN, 7)
    data = b.integers(3, 4, 3, 3)
    data[1] //= 40
    w = b.stored(data, np.array(0.01), np.array(0, np.int8))
    path = b.file(tmp_path, b.qdq(b.add("Conv", x, w), OUT, -3))
    graph = assert_within_a_step(path, {"image": IMAGE})
    weights = graph.nodes[0].inputs[1]
    assert graph.types[weights].quantization.scales == (float(np.float32(0.01)),)
    np.testing.assert_array_equal(graph.constants[weights].transpose(0, 3, 1, 2), data)


@pytest.mark.parametrize("op", ["Conv", "MatMul"])
def test_asymmetric_weights_get_larger_steps_where_they_must(op: str, tmp_path: Path) -> None:
    """Outputs whose weights fit int8 without a zero point keep the file's integers."""
    b = QdqBuilder(kind=np.uint8)
    image = op == "Conv"
    x = b.qdq(b.input("x", (1, 4, 3, 3) if image else (1, 8)), IN)
    data = b.integers(*((5, 4, 3, 3) if image else (8, 5)), kind=np.uint8)
    fitting = data[2:] if image else data[:, 2:]
    fitting[:] = fitting // 2
    w = b.stored(data, np.array(0.01), np.array(90, np.uint8))
    path = b.file(tmp_path, b.qdq(b.add(op, x, w), OUT))
    sample = {"x": RNG.normal(size=(1, 4, 3, 3) if image else (1, 8)).astype(np.float32)}
    graph = integers(path)
    (actual,), (wanted,) = run_integers(graph, sample), judge(path, sample)
    assert np.abs(actual - wanted).max() <= 1.01 * OUT
    (layer,) = (node for node in graph.nodes if node.op.name == "conv2d")
    scales = np.array(graph.types[layer.inputs[1]].quantization.scales, np.float32)
    np.testing.assert_array_equal(scales == np.float32(0.01), [False] * 2 + [True] * 3)
    (warning,) = Prequantized.of(optimize_float(load_onnx(path))).warnings
    assert "WeightSymmetric" in warning


def test_asymmetric_weights_that_fit_without_their_zero_point(tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.qdq(b.input("x", [1, 8]), IN)
    data = b.integers(8, 5) // 2
    w = b.stored(data.astype(np.int8), np.array(0.01), np.array(30, np.int8))
    graph = assert_within_a_step(
        b.file(tmp_path, b.qdq(b.add("MatMul", x, w), OUT)),
        {"x": RNG.normal(size=(1, 8)).astype(np.float32)},
    )
    stored = graph.constants[graph.nodes[0].inputs[1]]
    np.testing.assert_array_equal(stored, data.T.astype(int) - 30)
