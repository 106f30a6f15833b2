"""Takes channels out of a graph: smaller weights, smaller values, the same nodes."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, Graph, Node, TensorType, ValueName
from edgec.ops.movement.reshape import Reshape
from edgec.passes.rewrite import unused
from edgec.pruning.channel_groups import ChannelMap


def remove_channels(channels: ChannelMap, removed: AbstractSet[int]) -> Graph:
    """Return the graph without these classes of channels.

    What a removed channel gave to the layers that read it is lost; nothing else changes.
    """
    return _Surgery(channels, removed).run()


def kept(channels: ChannelMap, removed: AbstractSet[int], atoms: Array) -> Array:
    """Return which of ``atoms`` stay, as a mask."""
    return ~np.isin(channels.atoms.roots(atoms), list(removed))


@dataclass(eq=False)
class _Surgery:
    channels: ChannelMap
    removed: AbstractSet[int]
    types: dict[ValueName, TensorType] = field(init=False)
    constants: dict[ValueName, Array] = field(init=False)

    def __post_init__(self) -> None:
        self.types = dict(self.channels.graph.types)
        self.constants = dict(self.channels.graph.constants)

    def run(self) -> Graph:
        graph = self.channels.graph
        nodes = [self._smaller(node) for node in graph.nodes]
        result = replace(graph, nodes=tuple(nodes), types=self.types, constants=self.constants)
        return result.with_nodes(nodes)

    def _smaller(self, node: Node) -> Node:
        inputs = list(node.inputs)
        for index in {cut.index for cut in self.channels.cuts.get(node.name, ())}:
            inputs[index] = self._cut(node, index)
        op = Reshape(shape=self._shape(node)) if isinstance(node.op, Reshape) else node.op
        kinds = op.infer([self.types[value] for value in inputs])
        self.types.update(zip(node.outputs, kinds, strict=True))
        return replace(node, op=op, inputs=tuple(inputs))

    def _cut(self, node: Node, index: int) -> ValueName:
        """Return the constant that stands for an input; a new one where others read the old."""
        value = node.inputs[index]
        array = self.channels.graph.constants[value]
        for cut in self.channels.cuts[node.name]:
            if cut.index == index:
                mask = kept(self.channels, self.removed, cut.atoms)
                array = array.compress(mask, cut.axis)
        if array.shape == self.channels.graph.constants[value].shape:
            return value
        if self._readers(value) > 1:
            value = ValueName(unused(f"{value}.{node.name}", set(self.types)))
        self.constants[value] = np.ascontiguousarray(array)
        self.types[value] = TensorType(array.shape)
        return value

    def _readers(self, value: ValueName) -> int:
        return sum(node.inputs.count(value) for node in self.channels.graph.nodes)

    def _shape(self, node: Node) -> tuple[int, ...]:
        """Return what a reshape makes of the channels that are left."""
        shape = list(self.channels.graph.types[node.outputs[0]].shape)
        found = self.channels.channels.get(node.outputs[0])
        if found is not None:
            shape[found.axis] = int(kept(self.channels, self.removed, found.atoms).sum())
        return tuple(shape)
