"""Float inputs whose features differ so much that one int8 scale cannot hold them all.

Temperatures beside pressures: quantized together, the small ones vanish. So do weights, where a
scaler before the layer was folded into them: those of a small feature are large. Such an input
stays float; the device brings every feature to a range of its own first, and the layers that read
it, maybe behind a concatenation of inputs, are made to match. How much of its importance a feature
carries in its range and how much in its weights is what leaves the least noise of both.
Source: Xiao et al. 2023 (SmoothQuant: the exponent).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from edgec.ir import Array, DType, Graph, Node, TensorType, ValueName
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.elementwise.standardize import Standardize
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.movement.concatenation import Concatenation
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
_WEIGHT_LEVELS = 127
_LEAST_SHARE = 2.0**-20  # of importance: that of a feature without weights is 0
_FEWEST = 4  # chosen by hand: samples that tell how far features range
_AT_A_TIME = 1 << 20  # elements that are looked at in double
_EXPONENTS = (0.0, 0.25, 0.5, 0.75)  # of a feature's importance, in its range: 0 evens out ranges


@dataclass(frozen=True, slots=True)
class Features:
    """What each feature is less, and then divided by, float32; divisors are not 0.

    They are the middle and half the width of its range where all features are to fill one range.
    """

    middle: Array
    half: Array

    @classmethod
    def of(cls, samples: Array) -> "Features":
        """Read samples [samples, ..., features]. What never changes gets the largest width."""
        rows = samples.reshape(-1, samples.shape[-1])
        low, high = (each.astype(np.float64) for each in (rows.min(axis=0), rows.max(axis=0)))
        half = (high - low) / 2
        widest = max(-low.min(initial=0.0), high.max(initial=0.0)) or 1.0
        half = np.where(half > widest * 2.0**-40, half, widest)
        return cls(((low + high) / 2).astype(np.float32), half.astype(np.float32))

    def weighed(self, weights: Sequence[Array], exponent: float) -> "Features":
        """Return features of which those that matter most to ``weights`` fill the most range."""
        columns = np.max([np.abs(each).max(axis=0) for each in weights], axis=0)
        importance = columns.astype(np.float64) * self.half
        largest = importance.max(initial=0.0)
        if not largest:
            return self
        share = np.maximum(importance / largest, _LEAST_SHARE) ** exponent
        return Features(self.middle, np.asarray(self.half / share, np.float32))

    def of_slice(self, first: int, end: int) -> "Features":
        return Features(self.middle[first:end], self.half[first:end])

    def applied(self, x: Array) -> Array:
        return np.asarray((x - self.middle) / self.half, np.float32)


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
        arrays, inputs = dict(samples.arrays), dict[ValueName, Features]()
        for table, features in found.items():
            first = 0
            for name in table.inputs:
                end = first + graph.types[name].shape[-1]
                inputs[name] = features.of_slice(first, end)
                arrays[name] = inputs[name].applied(arrays[name])
                first = end
        fold = partial(_fold, {table.value: each for table, each in found.items()}, set())
        return cls(rewrite(graph, fold), replace(samples, arrays=arrays), inputs)

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


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of features that dense layers read: an input, or inputs side by side."""

    value: ValueName
    inputs: tuple[ValueName, ...]


def _needing(graph: Graph, samples: Samples, levels: int) -> Iterator[tuple[_Table, Features]]:
    readers = graph.consumers()
    for table in _tables(graph) if len(samples) >= _FEWEST else ():
        nodes = readers.get(table.value, [])
        if not nodes or not all(_is_dense(node, table.value, graph) for node in nodes):
            continue
        rows = _side_by_side([samples.arrays[name] for name in table.inputs])
        even, weights = Features.of(rows), [graph.constants[node.inputs[1]] for node in nodes]
        tried = [even.weighed(weights, exponent) for exponent in _EXPONENTS]
        noises = [_noise(rows, weights, each, levels) for each in tried]
        together, apart = _noise(rows, weights, None, levels), min(noises)
        bad = together > _signal(rows, np.concatenate(weights)) * 10 ** (-_GOOD_ENOUGH_DB / 10)
        if bad and together > apart * 10 ** (_LEAST_GAIN_DB / 10):
            yield table, tried[noises.index(apart)]


def _tables(graph: Graph) -> Iterator[_Table]:
    readers, outputs = graph.consumers(), set(graph.outputs)
    inputs = [
        value
        for value in graph.without_states(graph.inputs)
        if graph.types[value].rank == _ROWS
        and is_float(graph.types[value])
        and value not in graph.layouts
    ]
    yield from (_Table(value, (value,)) for value in inputs)
    for node in graph.nodes:
        if not isinstance(node.op, Concatenation) or node.outputs[0] in outputs:
            continue
        alone = all(value in inputs and readers[value] == [node] for value in node.inputs)
        rows = node.op.axis == _ROWS - 1 and graph.types[node.outputs[0]].rank == _ROWS
        if alone and rows and len(set(node.inputs)) == len(node.inputs):
            yield _Table(node.outputs[0], tuple(node.inputs))


def _noise(rows: Array, weights: Sequence[Array], features: Features | None, levels: int) -> float:
    """Return the noise energy of layers on ``rows``: of rounded features and rounded weights.

    ``features`` says how the device changes the rows; None leaves them. Each of the ``weights``
    [outputs, features] has one scale.
    """
    factor = 1.0 if features is None else features.half.astype(np.float64)
    lows, highs, squares, count = list[float](), list[float](), list[Array](), 0
    for part in _in_double(rows):
        x = part if features is None else (part - features.middle) / features.half
        lows.append(float(x.min()))
        highs.append(float(x.max()))
        squares.append(np.square(x).sum(axis=0))
        count += len(x)
    step = (max(*highs, 0.0) - min(*lows, 0.0)) / levels
    power, total = sum(squares) / count, 0.0
    for each in weights:
        scaled = each.astype(np.float64) * factor
        weight_step = float(np.abs(scaled).max(initial=0.0)) / _WEIGHT_LEVELS or 1.0
        error = scaled - np.rint(scaled / weight_step) * weight_step
        total += float(np.square(scaled).sum()) * step**2 / 12
        total += float(np.square(error).sum(axis=0) @ power)
    return total


def _signal(samples: Array, weights: Array) -> float:
    """Return the mean energy of what changes in the results of layers."""
    count = samples.size // samples.shape[-1]
    mean, turned = sum(x.sum(axis=0) for x in _in_double(samples)) / count, weights.T
    made = ((x - mean) @ turned.astype(np.float64) for x in _in_double(samples))
    return float(sum(np.square(each).sum(axis=1).sum() for each in made) / count)


def _in_double(samples: Array) -> Iterator[Array]:
    """Yield the rows of features in double, some at a time: there may be a great many."""
    rows = samples.reshape(-1, samples.shape[-1])
    size = max(1, _AT_A_TIME // max(1, rows.shape[1]))
    for start in range(0, len(rows), size):
        yield rows[start : start + size].astype(np.float64)


def _side_by_side(arrays: Sequence[Array]) -> Array:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=-1)


def _is_dense(node: Node, value: ValueName, graph: Graph) -> bool:
    constant = all(each in graph.constants for each in node.inputs[1:])
    dense = isinstance(node.op, WeightedLayer) and node.op.is_dense
    return dense and node.inputs[0] == value and constant


def _fold(
    found: Mapping[ValueName, Features], done: set[str], node: Node, around: Neighborhood
) -> Replacement | None:
    features = found.get(node.inputs[0]) if node.inputs else None
    if features is None or node.name in done:
        return None
    done.add(node.name)
    return _folded(node, features, around)


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
    floats, door = TensorType(kind.shape), graph.doors.get(value)
    inputs = tuple(value if each == inner else each for each in renamed.inputs)
    remark = (
        f"input {value!r} is {door.dtype.value if door else 'float32'}: its features differ too "
        "much for one scale of 8 bits, so the device brings each to its own range first"
    )
    changed = replace(
        renamed,
        inputs=inputs,
        types={**renamed.types, value: floats},
        remarks=(*renamed.remarks, remark),
        doors=graph.doors,
    )
    inverse = (1 / features.half.astype(np.float64)).astype(np.float32)
    constants = {middle: features.middle, gain: inverse}
    types = {made: floats, **{name: TensorType(data.shape) for name, data in constants.items()}}
    types = {name: each for name, each in types.items() if name not in renamed.types}
    return changed.with_nodes([*nodes, *renamed.nodes], types=types, constants=constants)
