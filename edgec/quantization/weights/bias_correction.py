"""Biases that keep the mean of every output, where weights are rounded to the nearest integer.

Rounded weights shift what a layer says on average; so do the rounded inputs it gets. Means need few
samples, so that this is done without a search too.
Source: Nagel et al. 2019 (bias correction).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.layers.weighted_layer import MatrixLayer
from edgec.quantization.quality.simulate import Simulation
from edgec.quantization.ranges.parameters import QuantizedLayer, nearest_layer
from edgec.quantization.samples.blocks import evenly
from edgec.quantization.weights.layer_inputs import FloatInputs, SimulatedInputs
from edgec.quantization.weights.weight_rows import input_rows

_SAMPLES = 32  # chosen by hand: that means are taken of


def own_layers(graph: Graph) -> Iterator[tuple[Node, MatrixLayer]]:
    """Yield the layers whose weights are constants that no other layer reads."""
    readers = graph.consumers()
    for node in graph.nodes:
        if (
            isinstance(node.op, MatrixLayer)
            and all(value in graph.constants for value in node.inputs[1:])
            and len(readers[node.op.weights_of(node)]) == 1
        ):
            yield node, node.op


def with_corrected_biases(
    graph: Graph,
    quantized: Callable[[Mapping[str, QuantizedLayer]], Graph],
    inputs: Mapping[ValueName, Array],
) -> dict[str, QuantizedLayer]:
    """Return every layer with the nearest weights and a corrected bias, by node name.

    Arguments are those of :func:`~edgec.quantization.weights.layer_reconstruction.reconstruct`.
    """
    chosen = evenly(len(next(iter(inputs.values()))), _SAMPLES)
    inputs = {name: x[chosen] for name, x in inputs.items()}
    simulation = Simulation.of(quantized({}))
    simulated, floats = SimulatedInputs.of(simulation, inputs), FloatInputs(graph, inputs)
    originals = {node.name: (node, op) for node, op in own_layers(graph)}
    inputs_of = {node.name: node.inputs[0] for node in simulation.graph.nodes}
    layers = {
        name: _nearest(graph, node, op, simulation.kinds[inputs_of[name]].quantization.scale)
        for name, (node, op) in originals.items()
    }
    for index in range(len(simulation.graph.nodes)):
        node = simulation.graph.nodes[index]
        if node.name in originals:
            original, op = originals[node.name]
            pair = simulated.values[node.inputs[0]], floats.of(original)
            layers[node.name] = _corrected(graph, original, op, layers[node.name], pair)
            simulation = Simulation.of(quantized(layers))
        simulated.step(simulation, index)
    return layers


def _nearest(graph: Graph, node: Node, op: MatrixLayer, input_scale: float) -> QuantizedLayer:
    weights, *bias = (graph.constants[value] for value in node.inputs[1:])
    return nearest_layer(weights, bias[0] if bias else None, op.scale_axis, input_scale)


def _corrected(
    graph: Graph, node: Node, op: MatrixLayer, layer: QuantizedLayer, pair: tuple[Array, Array]
) -> QuantizedLayer:
    """Return the layer with the bias that suits the inputs it gets, beside the float ones."""
    weights, *bias = (graph.constants[value].astype(np.float64) for value in node.inputs[1:])
    rows = op.weight_rows(weights, pair[0].shape[-1])  # [groups, outputs, inputs]
    integers = op.weight_rows(layer.weights.astype(np.float64), pair[0].shape[-1])
    scales = np.broadcast_to(layer.scales.astype(np.float64), rows.shape[0] * rows.shape[1])
    real = integers * scales.reshape(*rows.shape[:2], 1)
    mean, float_mean = (_mean(op, x, rows.shape[2]) for x in pair)
    shift = np.einsum("goi,gi->go", rows, float_mean) - np.einsum("goi,gi->go", real, mean)
    offset = bias[0] if bias else np.zeros(scales.size)
    return replace(layer, bias=np.asarray(offset + shift.reshape(-1)))


def _mean(op: MatrixLayer, x: Array, depth: int) -> Array:
    """Return the mean of the rows a layer reads, [groups, inputs], in double."""
    parts = [
        (rows.shape[1], rows.sum(axis=1, dtype=np.float64)) for rows in input_rows(op, x, depth)
    ]
    total, count = sum(part for _, part in parts), sum(rows for rows, _ in parts)
    return np.asarray(total / count)
