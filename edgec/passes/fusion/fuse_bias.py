"""Fuses the addition of a constant per channel into the bias of the layer before it."""

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Array, Graph, Node
from edgec.ops.elementwise.add import Add
from edgec.passes.folding.weighted_layers import as_layer
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FuseBias:
    """MatMul + Add, and a convolution without bias + Add, become one layer."""

    name: ClassVar[str] = "fuse_bias"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _fuse)


def _fuse(node: Node, around: Neighborhood) -> Replacement | None:
    if not isinstance(node.op, Add):
        return None
    for index in (0, 1):
        layer = as_layer(around.private_producer(node, index), around)
        added = around.constant(node.inputs[1 - index])
        if layer is None or added is None or not layer.is_linear():
            continue
        result = around.type(layer.node.outputs[0])
        if _is_per_channel(added, layer.channels) and result == around.type(node.outputs[0]):
            draft = Draft(around, [layer.node, node])
            op = layer.op.clamped(node.op.activation) or layer.op
            bias = layer.bias + added.reshape(-1)
            x, output = layer.node.inputs[0], node.outputs[0]
            layer.put(draft, x, layer.weights, bias, output, op)
            return draft.replacement()
    return None


def _is_per_channel(array: Array, channels: int) -> bool:
    """Tell whether a constant adds one number per channel, or one to all."""
    return array.size == 1 or (array.size == channels == array.shape[-1])
