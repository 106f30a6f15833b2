"""Folds a multiplication by a constant per channel into the layer before it."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from edgec.ir import Graph, Node
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.fake_quantize import FakeQuantize
from edgec.ops.elementwise.mul import Mul
from edgec.ops.operator import Activation
from edgec.passes.folding.kept_integers import KeptIntegers
from edgec.passes.folding.weighted_layers import as_layer
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FoldScale:
    """Layer + Mul become one layer: weights and bias times the constant.

    A ReLU may stand in between where the factors are positive and what quantizes follows: such
    factors (SmoothQuant's) are there to be folded, and no integers hold all of them at once.
    """

    name: ClassVar[str] = "fold_scale"

    def run(self, graph: Graph) -> Graph:
        kept = KeptIntegers(graph.grids)
        rules = (partial(_fold, kept), _before_relu)
        return kept.graph(rewrite(graph, *rules))


def _before_relu(node: Node, around: Neighborhood) -> Replacement | None:
    """Let a multiplication by positive numbers and the ReLU before it change places."""
    if not isinstance(node.op, Mul) or node.op.activation is not Activation.NONE:
        return None
    readers = around.readers(node.outputs[0])
    marked = readers and all(isinstance(each.op, FakeQuantize) for each in readers)
    if not marked or around.is_output(node.outputs[0]):
        return None
    for index in (0, 1):
        relu = around.private_producer(node, index)
        factor = around.constant(node.inputs[1 - index])
        if relu is None or factor is None or not (factor > 0).all():
            continue
        plain = isinstance(relu.op, Relu) and relu.op.activation is Activation.RELU
        layer = as_layer(around.private_producer(relu), around) if plain else None
        same = around.type(relu.outputs[0]) == around.type(node.outputs[0])
        if layer is None or not layer.is_linear() or not same:
            continue
        draft = Draft(around, [relu, node])
        scaled = draft.add(node.op, [relu.inputs[0], node.inputs[1 - index]], name=node.name)
        draft.add(relu.op, [scaled], name=relu.name, output=node.outputs[0])
        return draft.replacement()
    return None


def _fold(kept: KeptIntegers, node: Node, around: Neighborhood) -> Replacement | None:
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
            weights, bias = kept.scaled(layer, gain), layer.bias * gain
            layer.put(draft, layer.node.inputs[0], weights, bias, node.outputs[0], op)
            return draft.replacement()
    return None
