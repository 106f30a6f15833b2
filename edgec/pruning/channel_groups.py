"""Which channels can only be removed together, all through a float graph.

Every output channel of a convolution or fully connected layer is an atom of its own. Atoms travel
along: depthwise layers hand them on, reshapes, transposes and concatenations move them, operators
with several inputs unite those that meet. Any other operator is probed: where it gives the same
with fewer channels, the channels pass through; where not, they have to stay. So do inputs and
outputs of the graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.layers.weighted_layer import MatrixLayer, WeightedLayer
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.transpose import Transpose
from edgec.ops.operator import Operator
from edgec.pruning.channel_atoms import KEPT, Atoms, Channels, channels_of
from edgec.pruning.probe import aligned_axis, constant_axes, passes_channels
from edgec.pruning.weight_choice import shared_weights


@dataclass(frozen=True, slots=True)
class Cut:
    """A constant input of a node that gets smaller: ``atoms`` [extent] along ``axis``."""

    index: int
    axis: int
    atoms: Array


@dataclass(eq=False)
class ChannelMap:
    """The channels of all values (absent: all stay), and the constants that go with them.

    ``cuts`` are by node name; ``makers`` are the nodes whose output channels are atoms of their
    own, with these; ``followers`` depthwise layers, which hand on atoms.
    """

    graph: Graph
    atoms: Atoms = field(default_factory=Atoms)
    channels: dict[ValueName, Channels] = field(default_factory=dict)
    cuts: dict[str, list[Cut]] = field(default_factory=dict)
    makers: dict[str, Array] = field(default_factory=dict)
    followers: dict[str, Array] = field(default_factory=dict)

    def classes(self, value: ValueName) -> Array | None:
        """Return the class of each channel of a value; None where all stay."""
        found = self.channels.get(value)
        return None if found is None else self.atoms.roots(found.atoms)


def map_channels(graph: Graph) -> ChannelMap:
    """Return which channels of an optimized float graph go together."""
    return _Walk(ChannelMap(graph)).run()


@dataclass(eq=False)
class _Walk:
    map: ChannelMap
    _shared: set[ValueName] = field(init=False)

    def __post_init__(self) -> None:
        self._shared = shared_weights(self.map.graph)

    def run(self) -> ChannelMap:
        for node in self.map.graph.nodes:
            self._visit(node)
        for value in self.map.graph.outputs:
            self._keep(value)
        return self.map

    def _visit(self, node: Node) -> None:
        op = node.op
        if isinstance(op, WeightedLayer):
            self._visit_layer(node, op)
        elif isinstance(op, Concatenation):
            self._concatenate(node, op.axis)
        elif isinstance(op, Transpose) or (isinstance(op, Operator) and op.is_view):
            self._move(node)
        elif not self._pass(node):
            self._stop(node)

    def _visit_layer(self, node: Node, op: WeightedLayer) -> None:
        """Layers that are no matrix product keep their channels: nothing could be refitted."""
        constants = self.map.graph.constants
        variable = any(value not in constants for value in node.inputs[1:])
        if variable or op.weights_of(node) in self._shared or not isinstance(op, MatrixLayer):
            self._stop(node)
        elif op.input_axis is None:
            self._hand_on(node, op)
        elif op.groups(self._extents(node, 1), self._extents(node, 0)[-1]) == 1:
            self._make(node, op, op.input_axis)
        else:
            self._stop(node)

    def _make(self, node: Node, op: WeightedLayer, axis: int) -> None:
        """A layer whose outputs are new atoms; its weights have the input's along ``axis``."""
        x = node.inputs[0]
        columns = self._columns(node) if op.is_dense else self._along(x, self._last_axis(x))
        made = self.map.atoms.new(self._extents(node, 1)[op.output_axis])
        weights = [Cut(1, op.output_axis, made), Cut(1, axis, columns)]
        self._layer_made(node, weights, made)
        self.map.makers[node.name] = made

    def _hand_on(self, node: Node, op: WeightedLayer) -> None:
        """A layer each of whose outputs has the atom of the one channel that it reads."""
        x = node.inputs[0]
        atoms = self._along(x, self._last_axis(x))
        atoms = np.repeat(atoms, self._extents(node, 1)[op.output_axis] // len(atoms))
        self._layer_made(node, [Cut(1, op.output_axis, atoms)], atoms)
        self.map.followers[node.name] = atoms

    def _layer_made(self, node: Node, weights: list[Cut], atoms: Array) -> None:
        bias = [Cut(2, 0, atoms)] if len(node.inputs) > 2 else []  # noqa: PLR2004
        self.map.cuts[node.name] = [*weights, *bias]
        self._set(node.outputs[0], self._last_axis(node.outputs[0]), atoms)

    def _last_axis(self, value: ValueName) -> int:
        return self.map.graph.types[value].rank - 1

    def _columns(self, node: Node) -> Array:
        """Return the atom of each column of a dense layer's weights."""
        depth = self._extents(node, 1)[1]
        rows = self._spread(node.inputs[0]).reshape(-1, depth)
        if (rows != rows[:1]).any():
            self._keep(node.inputs[0])
            return np.full(depth, KEPT)
        return np.array(rows[0])

    def _concatenate(self, node: Node, axis: int) -> None:
        found = [self.map.channels.get(value) for value in node.inputs]
        if all(each is None or each.axis == axis for each in found):
            atoms = [self._along(value, axis) for value in node.inputs]
            self._set(node.outputs[0], axis, np.concatenate(atoms))
            return
        across = next(each.axis for each in found if each is not None and each.axis != axis)
        atoms = [self._along(value, across) for value in node.inputs]
        for each in atoms[1:]:
            self.map.atoms.unite(atoms[0], each)
        self._set(node.outputs[0], across, atoms[0])

    def _move(self, node: Node) -> None:
        """Have a reshape or transpose carry the atoms of all elements to their new places."""
        (x,) = node.inputs
        if x not in self.map.channels:
            return
        signature = self.map.graph.signature(node)
        (moved,) = node.op.evaluate([self._spread(x)], signature)
        found = channels_of(moved)
        if found is None:
            self._stop(node)
        else:
            self._set(node.outputs[0], found.axis, found.atoms)

    def _pass(self, node: Node) -> bool:
        """Let channels through an operator that works on each by itself; False where it does not.

        Activations whose channels meet are united; per-channel constants are cut.
        """
        graph = self.map.graph
        axis = self._axis_of_result(node)
        if axis is None or not passes_channels(graph, node, axis):
            return False
        met = [v for v in node.inputs if v not in graph.constants and self._has_axis(node, v, axis)]
        atoms = [self._along(value, self._aligned(node, value, axis)) for value in met]
        for each in atoms[1:]:
            self.map.atoms.unite(atoms[0], each)
        places = constant_axes(graph, node, axis)
        self.map.cuts[node.name] = [Cut(i, where, atoms[0]) for i, where in places.items()]
        self._set(node.outputs[0], axis, atoms[0])
        return True

    def _axis_of_result(self, node: Node) -> int | None:
        """Return the axis of the result that the channels of the inputs come to, if it is one."""
        if len(node.outputs) != 1:
            return None
        rank = self.map.graph.types[node.outputs[0]].rank
        axes = {
            found.axis + rank - self.map.graph.types[value].rank
            for value in node.inputs
            if (found := self.map.channels.get(value)) is not None
        }
        return axes.pop() if len(axes) == 1 and min(axes) >= 0 else None

    def _has_axis(self, node: Node, value: ValueName, axis: int) -> bool:
        """Tell whether an input has the channels of the result, and not one for all of them."""
        types = self.map.graph.types
        own = self._aligned(node, value, axis)
        return own >= 0 and types[value].shape[own] == types[node.outputs[0]].shape[axis]

    def _aligned(self, node: Node, value: ValueName, axis: int) -> int:
        types = self.map.graph.types
        return aligned_axis(types[value].rank, types[node.outputs[0]].rank, axis)

    def _stop(self, node: Node) -> None:
        for value in node.inputs:
            self._keep(value)

    def _keep(self, value: ValueName) -> None:
        if value in self.map.channels:
            self.map.atoms.keep(self.map.channels[value].atoms)

    def _along(self, value: ValueName, axis: int) -> Array:
        """Return the atoms along an axis; where the channels are not there, they all stay."""
        found = self.map.channels.get(value)
        if found is not None and found.axis == axis:
            return found.atoms
        self._keep(value)
        return np.full(self.map.graph.types[value].shape[axis], KEPT)

    def _spread(self, value: ValueName) -> Array:
        shape = self.map.graph.types[value].shape
        found = self.map.channels.get(value)
        return np.full(shape, KEPT) if found is None else found.spread(shape)

    def _set(self, value: ValueName, axis: int, atoms: Array) -> None:
        self.map.channels[value] = Channels(axis, atoms)

    def _extents(self, node: Node, index: int) -> Sequence[int]:
        return self.map.graph.types[node.inputs[index]].shape
