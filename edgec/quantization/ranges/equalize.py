"""Cross-layer equalization: channels of one tensor get like ranges, so that one scale suits all.

A channel may be multiplied by any positive factor where it is made, and divided where it is read,
if all operators in between carry factors through. The float graph computes the same as before.
Sources: Nagel et al. 2019 (data-free quantization); Xiao et al. 2023 (SmoothQuant: the exponent).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.layers.weighted_layer import MatrixLayer, WeightedLayer
from edgec.ops.operator import Activation, Operator
from edgec.quantization.samples.batch_evaluator import Values

# Chosen by hand; no measurement is on record: both keep factors from going where the samples say
# little.
_LIMIT = 64.0  # of a factor: channels that hardly ever fire stay small
_HEADROOM = 1.25  # below a fixed bound (ReLU6), for values the samples do not show


@dataclass(eq=False)
class ChannelGroup:
    """Values whose channels are scaled together; ``channels`` is the shortest last axis."""

    values: list[ValueName]
    channels: int
    makers: list[Node] = field(default_factory=list)
    readers: list[Node] = field(default_factory=list)


def channel_groups(graph: Graph) -> list[ChannelGroup]:
    """Return the groups that can be scaled: every maker and every reader is a layer."""
    groups = _Groups(graph)
    return groups.free()


def equalized(
    graph: Graph, floats: Values, exponents: Sequence[float], groups: Sequence[ChannelGroup]
) -> Graph:
    """Return the graph with the channels of each group scaled; 0 leaves a group, 1 evens it out.

    ``floats`` are the activations on calibration samples, or the :func:`channel_sizes` of them;
    ``exponents`` one per group.
    """
    constants = dict(graph.constants)
    for group, exponent in zip(groups, exponents, strict=True):
        factors = _factors(graph, group, floats, exponent)
        for node in group.makers:
            _scale_outputs(graph, node, factors, constants)
        for node in group.readers:
            _scale_inputs(graph, node, factors, constants)
    return graph.with_nodes(graph.nodes, constants=constants)


def channel_sizes(x: Array) -> Array:
    """Return the largest magnitude of each channel in each sample: [samples, channels]."""
    rows = x.reshape(len(x), -1, x.shape[-1])
    return np.asarray(np.maximum(rows.max(axis=1), -rows.min(axis=1)))


def _factors(graph: Graph, group: ChannelGroup, floats: Values, exponent: float) -> Array:
    """Return what each channel is multiplied by: float64, the largest channel by 1."""
    sizes = [channel_sizes(floats[value]) for value in group.values]
    tiled = [each.reshape(len(each), -1, group.channels).max(axis=1) for each in sizes]
    size = np.max(tiled, axis=0).max(axis=0, initial=0.0).astype(np.float64)
    largest = size.max(initial=0.0)
    bounds = [_bound(node) for node in graph.nodes if set(node.outputs) & set(group.values)]
    bound = min(bounds, default=np.inf)
    if largest <= 0:
        return np.ones(group.channels)
    safe = np.where(size > 0, size, largest)
    factors = np.minimum((largest / safe) ** exponent, _LIMIT)
    return np.asarray(np.maximum(1.0, np.minimum(factors, bound / (_HEADROOM * safe))))


def _bound(node: Node) -> float:
    return node.op.clamp.bounds[1] if isinstance(node.op, Operator) else np.inf


def _scale_outputs(
    graph: Graph, node: Node, factors: Array, constants: dict[ValueName, Array]
) -> None:
    op = _layer(node)
    w, bias = op.weights_of(node), op.bias_of(node)
    channels = graph.types[node.outputs[0]].shape[-1]
    tiled = np.tile(factors, channels // len(factors))
    constants[w] = _multiplied(constants[w], op.along_outputs(tiled, constants[w].ndim))
    if bias is not None:
        constants[bias] = _multiplied(constants[bias], tiled)


def _scale_inputs(
    graph: Graph, node: Node, factors: Array, constants: dict[ValueName, Array]
) -> None:
    op = _layer(node)
    w, read = op.weights_of(node), graph.types[node.inputs[0]].shape[-1]
    inverse = np.tile(1 / factors, read // len(factors))
    reads = op.reads(constants[w].shape, read)
    assert reads is not None  # noqa: S101 - see _is_free
    constants[w] = _multiplied(constants[w], inverse[reads])


def _multiplied(array: Array, factors: Array) -> Array:
    return np.asarray(array * factors, np.float32)


def _layer(node: Node) -> WeightedLayer:
    assert isinstance(node.op, WeightedLayer)  # noqa: S101 - makers and readers are layers
    return node.op


@dataclass(eq=False)
class _Groups:
    """A union-find over activations that carry the same channels."""

    graph: Graph
    _parent: dict[ValueName, ValueName] = field(default_factory=dict)
    _frozen: set[ValueName] = field(default_factory=set)
    _makers: list[tuple[ValueName, Node]] = field(default_factory=list)
    _readers: list[tuple[ValueName, Node]] = field(default_factory=list)

    def free(self) -> list[ChannelGroup]:
        self._frozen.update((*self.graph.inputs, *self.graph.outputs))
        shared = self._shared_constants()
        for node in self.graph.nodes:
            op = node.op
            if (
                isinstance(op, MatrixLayer)
                and not shared & set(node.inputs)
                and self._is_free(node, op)
            ):
                self._readers.append((node.inputs[0], node))
                self._makers.append((node.outputs[0], node))
                if _bound(node) < np.inf and op.clamp is not Activation.RELU6:
                    self._frozen.add(node.outputs[0])
            elif self._carries(node):
                self._join(node.inputs, node.outputs[0])
            else:
                self._frozen.update((*node.inputs, *node.outputs))
        return self._collected()

    def _is_free(self, node: Node, op: MatrixLayer) -> bool:
        """Tell whether a layer's weights and bias may change, and read whole channels."""
        x, types = node.inputs[0], self.graph.types
        constant = all(value in self.graph.constants for value in node.inputs[1:])
        channels = types[x].shape[-1] if types[x].rank else 1
        return constant and op.reads(types[op.weights_of(node)].shape, channels) is not None

    def _shared_constants(self) -> set[ValueName]:
        readers = self.graph.consumers()
        return {value for value in self.graph.constants if len(readers.get(value, [])) > 1}

    def _carries(self, node: Node) -> bool:
        """Tell whether factors pass a node: its operator says so, and a constant would not."""
        op, signature = node.op, self.graph.signature(node)
        if not isinstance(op, Operator) or any(v in self.graph.constants for v in node.inputs):
            return False
        if op.clamp not in (Activation.NONE, Activation.RELU) or not op.carries_factors(signature):
            return False
        x, y = signature.inputs[0].shape, signature.output.shape
        return bool(x) and bool(y) and x[-1] > 0 and y[-1] % x[-1] == 0

    def _join(self, inputs: Sequence[ValueName], output: ValueName) -> None:
        for value in inputs:
            self._parent[self._root(output)] = self._root(value)

    def _root(self, value: ValueName) -> ValueName:
        while self._parent.get(value, value) != value:
            value = self._parent[value]
        return value

    def _collected(self) -> list[ChannelGroup]:
        frozen = {self._root(value) for value in self._frozen}
        groups: dict[ValueName, ChannelGroup] = {}
        for value in self._activations():
            root = self._root(value)
            if root not in frozen:
                width = self.graph.types[value].shape[-1]
                group = groups.setdefault(root, ChannelGroup([], width))
                group.values.append(value)
                group.channels = min(group.channels, width)
        for value, node in self._makers:
            if self._root(value) in groups:
                groups[self._root(value)].makers.append(node)
        for value, node in self._readers:
            if self._root(value) in groups:
                groups[self._root(value)].readers.append(node)
        return [group for group in groups.values() if group.makers and group.readers]

    def _activations(self) -> list[ValueName]:
        made = [value for node in self.graph.nodes for value in node.outputs]
        return [*self.graph.inputs, *made]
