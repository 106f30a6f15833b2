"""Folds a multiplication by a constant per channel into the layer before it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Graph, Node
from edgec.ops.elementwise.mul import Mul
from edgec.passes.folding.weighted_layers import as_layer
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FoldScale:
    """Layer + Mul become one layer: weights and bias times the constant."""

    name: ClassVar[str] = "fold_scale"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _fold)


def _fold(node: Node, around: Neighborhood) -> Replacement | None:
    if not isinstance(node.op, Mul):
        return None
    for index in (0, 1):
        layer = as_layer(around.private_producer(node, index), around)
        factor = around.constant(node.inputs[1 - index])
        if layer is None or factor is None or not layer.is_linear():
            continue
        op = layer.op.clamped(node.op.activation)
        per_channel = factor.size == 1 or factor.size == layer.channels == factor.shape[-1]
        result = around.type(layer.node.outputs[0])
        if op is not None and per_channel and result == around.type(node.outputs[0]):
            draft = Draft(around, [layer.node, node])
            gain = np.broadcast_to(factor.reshape(-1), (layer.channels,))
            weights, bias = layer.scaled(gain), layer.bias * gain
            layer.put(draft, layer.node.inputs[0], weights, bias, node.outputs[0], op)
            return draft.replacement()
    return None
