"""Outputs of layers get no scale so small that the sums of their kernels overflow on the way."""

import numpy as np
import pytest
from equivalence import floats, graph_of

from edgec.ir import DType, Graph, GraphBuilder, ValueName
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.observers import Range

TINY = Range(-1e-12, 1e-12)


def quantized_layer(inputs: int, bias: float, width: DType) -> Graph:
    """Return y = x * 1 + bias, quantized as if no output were above 1e-12."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, inputs))
        w = g.constant("w", np.ones((2, inputs), np.float32))
        b = g.constant("b", np.full(2, bias, np.float32))
        return [g.add1(FullyConnected(), x, w, b, name="y")]

    graph = graph_of(build)
    ranges = {ValueName("x"): Range(-1.0, 1.0), ValueName("y"): TINY}
    return quantize(graph, ranges, activations=width)


def largest_sum(graph: Graph, largest_step: int) -> float:
    """Return the sum that a kernel may reach: all products at their largest, and the bias."""
    weights, bias = (graph.constants[ValueName(name)].astype(np.float64) for name in "wb")
    return float((np.abs(weights).sum(1) * largest_step + np.abs(bias)).max())


def factor(graph: Graph) -> float:
    x, w, y = (graph.types[ValueName(name)].quantization.scale for name in "xwy")
    return float(x * w / y)


@pytest.mark.parametrize(("inputs", "bias"), [(1, 0.0), (4, 0.0), (64, 1.0), (2000, -100.0)])
def test_int8_sums_times_their_factor_stay_below_two_to_the_30(inputs: int, bias: float) -> None:
    """The kernels round in 32 bits, after a left shift: 2^31 would wrap."""
    graph = quantized_layer(inputs, bias, DType.INT8)
    reached = largest_sum(graph, 255) * factor(graph)
    assert 2**28 < reached <= 2**30 * 1.00001


@pytest.mark.parametrize(("inputs", "bias"), [(1, 0.0), (16, 1.0)])
def test_the_factor_of_int16_sums_is_one_that_tflite_takes(inputs: int, bias: float) -> None:
    """TFLite's wide requantization has 16 bits for its multiplier and refuses shifts above 7."""
    graph = quantized_layer(inputs, bias, DType.INT16)
    assert 2**5 < factor(graph) <= 2**6 * 1.00001


def test_int16_sums_times_their_factor_stay_below_two_to_the_45() -> None:
    """Only very deep layers come so far."""
    graph = quantized_layer(300_000, 0.0, DType.INT16)
    reached = largest_sum(graph, 32_768) * factor(graph)
    assert 2**43 < reached <= 2**45 * 1.00001
