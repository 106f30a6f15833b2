"""Reconstruction: biases keep the means, outputs come closer than with the nearest weights."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from small_nets import dense_net, samples_of, uneven_net

from edgec.ir import Array, DType, Graph, GraphBuilder, TensorType, ValueName, verify
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.weighted_layer import MatrixLayer
from edgec.quantization.quality.sqnr import integer_values, output_sqnr_db
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.weights.layer_reconstruction import reconstruct
from edgec.quantization.weights.weight_rows import input_rows

NETS: list[Callable[[], Graph]] = [uneven_net, dense_net]


def both(graph: Graph) -> tuple[Graph, Graph]:
    """Return the graph with the nearest weights and with reconstructed ones."""
    samples = samples_of(graph, 64)
    ranges = calibrate(graph, samples)
    return quantize(graph, ranges), quantize(
        graph, ranges, reconstruct(graph, partial(quantize, graph, ranges), samples.arrays)
    )


@pytest.mark.parametrize("net", NETS)
def test_outputs_come_closer(net: Callable[[], Graph]) -> None:
    graph = net()
    nearest, fitted = both(graph)
    verify(fitted)
    arrays = samples_of(graph, 64).arrays
    floats = BatchEvaluator(graph).run(arrays)
    wanted = {value: floats[value] for value in graph.outputs}
    assert output_sqnr_db(fitted, arrays, wanted) > output_sqnr_db(nearest, arrays, wanted)


@pytest.mark.parametrize("net", NETS)
def test_mean_errors_shrink(net: Callable[[], Graph]) -> None:
    graph = net()
    samples = samples_of(graph, 64)
    floats = BatchEvaluator(graph).run(samples.arrays)
    last = graph.outputs[0]

    def mean_error(integer: Graph) -> float:
        got = integer_values(integer, samples.arrays)[last]
        error = dequantized(got, integer.types[last]) - floats[last]
        return float(np.abs(error.mean(axis=(0, 1))).sum())

    nearest, fitted = both(graph)
    assert mean_error(fitted) < 0.6 * mean_error(nearest)


def test_int16_activations_get_wide_biases_and_no_zero_points() -> None:
    graph = dense_net()
    samples = samples_of(graph)
    integer = quantize(graph, calibrate(graph, samples), None, DType.INT16)
    assert {integer.types[v].dtype for v in (*integer.inputs, *integer.outputs)} == {DType.INT16}
    assert integer.types[ValueName("a.bias")].dtype is DType.INT64
    assert all(kind.quantization.zero_points[0] == 0 for kind in integer.types.values())


SHAPES = [
    pytest.param("a", (8, 3, 3, 3), id="conv"),
    pytest.param("b", (1, 3, 3, 8), id="depthwise"),
    pytest.param("h", (4, 8), id="dense"),
]


@pytest.mark.parametrize(("name", "shape"), SHAPES)
def test_rows_times_weights_are_the_layer(name: str, shape: tuple[int, ...]) -> None:
    graph = uneven_net()
    values = BatchEvaluator(graph).run(samples_of(graph, 18).arrays)
    node = next(each for each in graph.nodes if each.name == name)
    x, weights = values[node.inputs[0]], graph.constants[node.inputs[1]]
    bias = graph.constants[node.inputs[2]]
    op = node.op
    assert isinstance(op, MatrixLayer)
    rows = op.weight_rows(weights, x.shape[-1])
    parts: list[Array] = [
        np.einsum("gni,goi->ngo", each, rows) for each in input_rows(op, x, rows.shape[2])
    ]
    got = np.concatenate(parts).reshape(-1, len(bias)) + bias
    wanted = values[node.outputs[0]].reshape(-1, len(bias))
    np.testing.assert_allclose(np.maximum(got, 0) if name != "h" else got, wanted, atol=1e-3)
    np.testing.assert_array_equal(op.weights_from_rows(rows, shape), weights)


def test_weights_that_layers_share_stay_shared() -> None:
    g = GraphBuilder("shared")
    weights = g.constant("w", np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32))
    x = g.input("x", TensorType((1, 4)))
    twice = g.add1(FullyConnected(), g.add1(FullyConnected(), x, weights), weights, name="twice")
    own = g.constant("own", np.random.default_rng(1).normal(size=(2, 4)).astype(np.float32))
    graph = g.build([g.add1(FullyConnected(), twice, own, name="alone")])
    samples = samples_of(graph, 16)
    made = partial(quantize, graph, calibrate(graph, samples))
    layers = reconstruct(graph, made, samples.arrays)
    assert list(layers) == ["alone"]
