"""Float inputs whose features differ so much that one int8 scale cannot hold them all.

Temperatures beside pressures: quantized together, the small ones vanish. Such an input stays float;
the device brings every feature to one range first. The layers that read it are made to match.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, DType, Graph, Node, TensorType, ValueName
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.elementwise.standardize import Standardize
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.operator import is_float
from edgec.passes.folding.weighted_layers import as_layer
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite, unused
from edgec.quantization.samples.sample_checks import ONE_RANGE
from edgec.quantization.samples.samples import Samples

_ROWS = 2  # axes of an input of features
# Chosen by hand; no measurement is on record: 9 dB are one and a half of 8 bits (6 dB each), and
# with less to gain, or 20 dB in hand, quantizing on the device in int8 alone is simpler.
_LEAST_GAIN_DB = 9.0  # of the quantization noise in what the layers make of the input
_GOOD_ENOUGH_DB = 20.0  # SQNR of that, at which one scale does
_LEVELS = {DType.INT8: 255, DType.INT16: 65535}


@dataclass(frozen=True, slots=True)
class Features:
    """The middle and half the width of each feature's range, float32; widths are not 0."""

    middle: Array
    half: Array

    @classmethod
    def of(cls, samples: Array) -> "Features":
        """Read samples [samples, ..., features]. What never changes gets the largest width."""
        rows = samples.reshape(-1, samples.shape[-1]).astype(np.float64)
        low, high = rows.min(axis=0), rows.max(axis=0)
        half = (high - low) / 2
        widest = float(np.abs(rows).max(initial=0.0)) or 1.0
        half = np.where(half > widest * 2.0**-40, half, widest)
        return cls(((low + high) / 2).astype(np.float32), half.astype(np.float32))

    def noise(self, weights: Array, levels: int) -> tuple[float, float]:
        """Return the noise energy that ``weights`` [outputs, features] let through.

        First with one scale for all features, then with one for each.
        """
        power = np.square(weights.astype(np.float64)).sum(axis=0)
        edges = np.stack([self.middle - self.half, self.middle + self.half]).astype(np.float64)
        shared = max(edges.max(), 0.0) - min(edges.min(), 0.0)
        own = 2 * self.half.astype(np.float64)
        together = float(power.sum() * (shared / levels) ** 2) / 12
        return together, float((power * np.square(own / levels)).sum()) / 12


@dataclass(frozen=True, slots=True)
class InputStandardization:
    """A float graph that reads standardized features, and the samples to match.

    ``features`` has the inputs this is done to; without any, graph and samples are the given ones.
    """

    graph: Graph
    samples: Samples
    features: Mapping[ValueName, Features] = field(default_factory=dict)

    @classmethod
    def of(
        cls, graph: Graph, samples: Samples, width: DType = DType.INT8
    ) -> "InputStandardization":
        """Standardize the inputs of an optimized float graph that need it in ``width``."""
        found = dict(_needing(graph, samples, _LEVELS[width]))
        if not found:
            return cls(graph, samples)
        arrays = dict(samples.arrays)
        for name, features in found.items():
            arrays[name] = (arrays[name] - features.middle) / features.half

        done: set[str] = set()

        def fold(node: Node, around: Neighborhood) -> Replacement | None:
            features = found.get(node.inputs[0]) if node.inputs else None
            if features is None or node.name in done:
                return None
            done.add(node.name)
            return _folded(node, features, around)

        return cls(rewrite(graph, fold), replace(samples, arrays=arrays), found)

    def settled(self, samples: Samples) -> Samples:
        """Return samples of the source model without warnings of what the door takes care of."""
        if not self.features:
            return samples
        kept = tuple(text for text in samples.warnings if ONE_RANGE not in text)
        return replace(samples, warnings=kept)

    def opened(self, graph: Graph) -> Graph:
        """Return what was made of :attr:`graph`, reading features as the source model does."""
        for value, features in self.features.items():
            graph = _with_standardized(graph, value, features)
        return graph


def _needing(graph: Graph, samples: Samples, levels: int) -> Iterator[tuple[ValueName, Features]]:
    readers = graph.consumers()
    for value in graph.without_states(graph.inputs):
        nodes, kind = readers.get(value, []), graph.types[value]
        dense = nodes and all(_is_dense(node, value, graph) for node in nodes)
        if not dense or kind.rank != _ROWS or not is_float(kind) or value in graph.layouts:
            continue
        features = Features.of(samples.arrays[value])
        weights = np.concatenate([graph.constants[node.inputs[1]] for node in nodes])
        signal = _signal(samples.arrays[value], weights)
        together, apart = features.noise(weights, levels)
        bad = together > signal * 10 ** (-_GOOD_ENOUGH_DB / 10)
        if bad and together > apart * 10 ** (_LEAST_GAIN_DB / 10):
            yield value, features


def _signal(samples: Array, weights: Array) -> float:
    """Return the mean energy of what changes in the results of layers."""
    rows = samples.reshape(-1, samples.shape[-1]).astype(np.float64)
    made = (rows - rows.mean(axis=0)) @ weights.T.astype(np.float64)
    return float(np.square(made).sum(axis=1).mean())


def _is_dense(node: Node, value: ValueName, graph: Graph) -> bool:
    constant = all(each in graph.constants for each in node.inputs[1:])
    dense = isinstance(node.op, WeightedLayer) and node.op.is_dense
    return dense and node.inputs[0] == value and constant


def _folded(node: Node, features: Features, around: Neighborhood) -> Replacement | None:
    """Return a layer that takes standardized features."""
    layer = as_layer(node, around)
    if layer is None:
        return None
    weights = layer.weights.astype(np.float64)
    bias = layer.bias + weights @ features.middle.astype(np.float64)
    draft = Draft(around, [node])
    narrowed = np.asarray(weights * features.half, np.float32)
    layer.put(draft, node.inputs[0], narrowed, bias, node.outputs[0], layer.op)
    return draft.replacement()


def _with_standardized(graph: Graph, value: ValueName, features: Features) -> Graph:
    kind, taken = graph.types[value], {*graph.types, *(node.name for node in graph.nodes)}
    inner = ValueName(unused(f"{value}.standardized", taken))
    middle, gain = (ValueName(unused(f"{value}.{name}", taken)) for name in ("middle", "gain"))
    real = kind.qparams is None
    made = inner if real else ValueName(unused(f"{value}.real", taken))
    nodes = [Node(f"{value}/standardize", Standardize(), (value, middle, gain), (made,))]
    if not real:
        nodes.append(Node(f"{value}/quantize", Quantize(dtype=kind.dtype), (made,), (inner,)))
    renamed = graph.renamed({value: inner})
    floats = TensorType(kind.shape)
    inputs = tuple(value if each == inner else each for each in renamed.inputs)
    remark = (
        f"input {value!r} is float32: its features differ too much for one scale of 8 bits, so "
        "the device brings each to its own range first"
    )
    changed = replace(
        renamed,
        inputs=inputs,
        types={**renamed.types, value: floats},
        remarks=(*renamed.remarks, remark),
    )
    inverse = (1 / features.half.astype(np.float64)).astype(np.float32)
    constants = {middle: features.middle, gain: inverse}
    types = {made: floats, **{name: TensorType(data.shape) for name, data in constants.items()}}
    types = {name: each for name, each in types.items() if name not in renamed.types}
    return changed.with_nodes([*nodes, *renamed.nodes], types=types, constants=constants)
