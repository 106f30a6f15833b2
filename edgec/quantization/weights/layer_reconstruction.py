"""Weights layer by layer, so that each layer's outputs are right on the inputs it really gets.

Those inputs carry the errors of all layers before. Least squares over the calibration samples gives
the float weights and the bias that make up for them, adaptive rounding the integers.
Sources: Nagel et al. 2019 (bias correction), 2020 (AdaRound); Hubara et al. 2020 (layer-wise
calibration); Frantar et al. 2022 (GPTQ).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.layers.weighted_layer import MatrixLayer
from edgec.quantization.quality.simulate import Simulation
from edgec.quantization.ranges.parameters import WEIGHT_LIMIT, QuantizedLayer, weight_scales
from edgec.quantization.samples.blocks import evenly, live_bytes
from edgec.quantization.weights.adaptive_rounding import quadratic_error, round_rows
from edgec.quantization.weights.bias_correction import own_layers
from edgec.quantization.weights.layer_inputs import FloatInputs, SimulatedInputs
from edgec.quantization.weights.weight_rows import input_rows

# Chosen by hand; no measurement is on record of these numbers (benchmarks/quantization.py measures
# the whole): each scale costs a pass of rounding; less damping fits the weights to the samples'
# noise.
_SHRINK = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7)  # of weight scales: some outliers are better clipped
_LIVE_BYTES = 64 << 20  # of activations that some layer is yet to read
_FEWEST = 32  # samples, whatever they take
_DAMPING = 0.1  # of the mean curvature: weights that the samples hardly excite stay as they are


def reconstruct(
    graph: Graph,
    quantized: Callable[[Mapping[str, QuantizedLayer]], Graph],
    inputs: Mapping[ValueName, Array],
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, QuantizedLayer]:
    """Return integer weights and corrected biases of every layer, by node name.

    Layers that share weights, as the steps of a recurrent one do, are left out: they stay shared.
    ``quantized`` makes the integer graph of ``graph`` with such layers; ``inputs`` are calibration
    samples. Fewer of them, spread evenly, are used where activations are large.
    """
    layers: dict[str, QuantizedLayer] = {}
    simulation = Simulation.of(quantized({}))
    chosen = evenly(len(next(iter(inputs.values()))), _most(graph))
    inputs = {name: x[chosen] for name, x in inputs.items()}
    simulated, floats = SimulatedInputs.of(simulation, inputs), FloatInputs(graph, inputs)
    originals = {node.name: (node, op) for node, op in own_layers(graph)}
    total = len(simulation.graph.nodes)
    for done in range(total):
        node = simulation.graph.nodes[done]
        if node.name in originals:
            scale = simulation.kinds[node.inputs[0]].quantization.scale
            original, op = originals[node.name]
            pair = simulated.values[node.inputs[0]], floats.of(original)
            fit = _Fit.of(graph, original, op, pair)
            layers[node.name] = fit.best(scale)
            simulation = Simulation.of(quantized(layers))
        simulated.step(simulation, done)
        if on_progress is not None:
            on_progress(done + 1, total)
    return layers


def _most(graph: Graph) -> int:
    """Return how many samples have room, in floats and simulated."""
    return max(_FEWEST, _LIVE_BYTES // (2 * live_bytes(graph)))


@dataclass(frozen=True, slots=True)
class Moments:
    """Of the rows a layer reads: [groups, inputs] means, [groups, inputs, inputs] covariances.

    ``own`` is the covariance of the inputs it gets, ``cross`` that of those with the float inputs.
    """

    mean: Array
    float_mean: Array
    own: Array
    cross: Array

    @classmethod
    def of(cls, op: MatrixLayer, seen: Array, wanted: Array, depth: int) -> "Moments":
        """Return the moments of a layer's quantized and float inputs, in double."""
        pairs = zip(input_rows(op, seen, depth), input_rows(op, wanted, depth), strict=True)
        parts = (_sums(*(rows.astype(np.float64) for rows in pair)) for pair in pairs)
        count, mean, float_mean, own, cross = reduce(_added, parts)
        mean, float_mean = mean / count, float_mean / count
        return cls(
            mean,
            float_mean,
            own / count - mean[:, :, None] * mean[:, None, :],
            cross / count - mean[:, :, None] * float_mean[:, None, :],
        )

    def damping(self) -> Array:
        """Return what is added to the covariances so that they are invertible."""
        size = self.own.shape[1]
        level = _DAMPING * np.trace(self.own, axis1=1, axis2=2) / size
        return np.asarray((level + 1e-12)[:, None, None] * np.eye(size))


_Sums = tuple[int, Array, Array, Array, Array]


def _sums(seen: Array, wanted: Array) -> _Sums:
    turned = seen.transpose(0, 2, 1)
    return seen.shape[1], seen.sum(axis=1), wanted.sum(axis=1), turned @ seen, turned @ wanted


def _added(one: _Sums, other: _Sums) -> _Sums:
    (count, *sums), (more, *parts) = one, other
    mean, float_mean, own, cross = (a + b for a, b in zip(sums, parts, strict=True))
    return count + more, mean, float_mean, own, cross


@dataclass(frozen=True, slots=True)
class _Rounded:
    """Integers [groups, outputs, inputs] and scales [groups, outputs]; the error of each output."""

    integers: Array
    scales: Array
    loss: Array

    def or_better(self, other: "_Rounded") -> "_Rounded":
        """Return the better of two for each output."""
        wins = other.loss < self.loss
        return _Rounded(
            np.where(wins[..., None], other.integers, self.integers),
            np.where(wins, other.scales, self.scales),
            np.where(wins, other.loss, self.loss),
        )


@dataclass(frozen=True, slots=True)
class _Fit:
    """One layer: its float weights as rows, its bias, and the moments of what it reads."""

    op: MatrixLayer
    weights: Array
    rows: Array
    bias: Array
    moments: Moments

    @classmethod
    def of(cls, graph: Graph, node: Node, op: MatrixLayer, pair: tuple[Array, Array]) -> "_Fit":
        weights, *bias = (graph.constants[value] for value in node.inputs[1:])
        rows = op.weight_rows(weights.astype(np.float64), pair[0].shape[-1])
        channels = rows.shape[0] * rows.shape[1]
        offset = bias[0].astype(np.float64) if bias else np.zeros(channels)
        moments = Moments.of(op, *pair, rows.shape[2])
        return cls(op, weights, rows, offset, moments)

    def best(self, input_scale: float) -> QuantizedLayer:
        """Return the layer with the least squared error of its outputs."""
        damping = self.moments.damping()
        hessian = self.moments.own + damping
        target = self._target(hessian, damping)
        axis = self.op.scale_axis
        base = weight_scales(self.weights, axis, self.bias, input_scale).astype(np.float64)
        rounded = [self._round(target, hessian, base * shrink, axis) for shrink in _SHRINK]
        best = rounded[0]
        for each in rounded[1:]:
            best = best.or_better(each)
        scales = best.scales.reshape(-1)
        integers = self.op.weights_from_rows(best.integers, self.weights.shape)
        return QuantizedLayer(
            integers.astype(np.int8),
            np.asarray(scales if axis is not None else scales[:1], np.float32),
            self._corrected_bias(best.integers * best.scales[..., None]),
        )

    def _target(self, hessian: Array, damping: Array) -> Array:
        """Return the float rows that turn the inputs it gets into the outputs it should make."""
        wanted = (self.moments.cross + damping) @ self.rows.transpose(0, 2, 1)
        return np.linalg.solve(hessian, wanted).transpose(0, 2, 1)

    def _round(self, target: Array, hessian: Array, scales: Array, axis: int | None) -> _Rounded:
        single = scales.astype(np.float32).astype(np.float64)
        spread = np.broadcast_to(single, self.bias.shape).reshape(self.rows.shape[:2])
        limits = np.where(self.rows == 0, 0, WEIGHT_LIMIT)  # pruned weights stay zero
        groups = list(zip(target, hessian, spread, limits, strict=True))
        integers = np.stack([round_rows(*each) for each in groups])
        errors = integers * spread[..., None] - target
        loss = np.stack([quadratic_error(e, h) for e, h in zip(errors, hessian, strict=True)])
        if axis is None:
            loss = np.full_like(loss, loss.sum())  # one scale for all: they win or lose together
        return _Rounded(integers, spread, loss)

    def _corrected_bias(self, real: Array) -> Array:
        """Return the bias that keeps the mean of every output."""
        wanted = np.einsum("goi,gi->go", self.rows, self.moments.float_mean)
        got = np.einsum("goi,gi->go", real, self.moments.mean)
        return np.asarray(self.bias + (wanted - got).reshape(-1))
