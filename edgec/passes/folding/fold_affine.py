"""Folds input normalization, and any other x * a + b per channel, into the layer that reads it."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Graph, Node
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.sub import Sub
from edgec.ops.layers.weighted_layer import MatrixLayer
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation
from edgec.passes.folding.kept_integers import KeptIntegers
from edgec.passes.folding.weighted_layers import Layer, as_layer
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FoldAffine:
    """Multiplications and additions of constants vanish into the weights and bias behind them.

    The layer then reads what was normalized: quantized once, not twice. An offset stays where
    the layer pads, since padding is 0 behind it.
    """

    name: ClassVar[str] = "fold_affine"

    def run(self, graph: Graph) -> Graph:
        kept = KeptIntegers(graph.grids)
        return kept.graph(rewrite(graph, partial(_fold, kept)))


def _fold(kept: KeptIntegers, node: Node, around: Neighborhood) -> Replacement | None:
    layer = as_layer(node, around)
    before = around.private_producer(node)
    if layer is None or before is None or not isinstance(layer.op, MatrixLayer):
        return None
    if isinstance(before.op, Reshape):
        return _fold_behind_reshape(kept, node, before, layer, around)
    found = _gain_and_offset(before, around, layer)
    if found is None:
        return None
    value, gain, offset = found
    reads = layer.op.reads(layer.weights.shape, len(gain))
    if reads is None or (offset.any() and layer.op.pads):
        return None
    weights = layer.weights.astype(np.float64)
    bias = layer.bias + (weights * offset[reads]).sum(axis=layer.op.summed_axes(weights.ndim))
    scaled = _scaled(kept, layer, gain, reads)
    draft = Draft(around, [before, node])
    layer.put(draft, before.inputs[value], scaled, bias, node.outputs[0], node.op)
    return draft.replacement()


def _fold_behind_reshape(
    kept: KeptIntegers, node: Node, reshape: Node, layer: Layer, around: Neighborhood
) -> Replacement | None:
    """Fold one factor for all that stands before a reshape, such as that of a gray image's axes."""
    before = around.private_producer(reshape)
    if before is None or not isinstance(before.op, Mul):
        return None
    if before.op.activation is not Activation.NONE:
        return None
    known = [around.constant(value) for value in before.inputs]
    index = next((i for i, array in enumerate(known) if array is not None), None)
    factor = None if index is None else known[index]
    if index is None or factor is None or factor.size != 1 or known[1 - index] is not None:
        return None
    x = before.inputs[1 - index]
    if around.type(x) != around.type(before.outputs[0]):
        return None
    draft = Draft(around, [before, reshape, node])
    moved = draft.add(reshape.op, [x], name=reshape.name)
    scaled = kept.scaled(layer, np.full(layer.channels, factor.reshape(-1)[0], np.float64))
    layer.put(draft, moved, scaled, layer.bias, node.outputs[0], node.op)
    return draft.replacement()


def _scaled(kept: KeptIntegers, layer: Layer, gain: Array, reads: Array) -> Array:
    """Return the weights times the gain of what each reads, in float32.

    Where that is one gain for each output, the integers of the source file are kept.
    """
    if layer.op.input_axis is None or (gain == gain[0]).all():
        spread = np.broadcast_to(gain[reads], layer.weights.shape)
        other = layer.op.summed_axes(layer.weights.ndim)
        return kept.scaled(layer, np.asarray(spread.max(axis=other)))
    return np.asarray(layer.weights.astype(np.float64) * gain[reads], np.float32)


def _gain_and_offset(
    before: Node, around: Neighborhood, layer: Layer
) -> tuple[int, Array, Array] | None:
    """Return which input of ``before`` is x, and a and b per channel; None where it is no such."""
    op = before.op
    if not isinstance(op, (Add, Mul, Sub)) or op.activation is not Activation.NONE:
        return None
    known = [around.constant(value) for value in before.inputs]
    index = next((i for i, array in enumerate(known) if array is not None), None)
    constant = known[index] if index is not None else None
    if index is None or constant is None or known[1 - index] is not None:
        return None
    x, y = around.type(before.inputs[1 - index]), around.type(before.outputs[0])
    spread = _per_channel(constant, y.shape[-1] if y.rank else 1)
    if x != y or not len(spread) or not layer.op.has_place_for(layer.weights.shape, len(spread)):
        return None
    if isinstance(op, Mul):
        return 1 - index, spread, np.zeros_like(spread)
    sign = np.ones_like(spread)
    if isinstance(op, Add):
        return 1 - index, sign, spread
    return (0, sign, -spread) if index == 1 else (1, -sign, spread)


def _per_channel(constant: Array, channels: int) -> Array:
    """Return one number per channel, float64; none where the constant varies along other axes."""
    flat = constant.reshape(-1).astype(np.float64)
    if constant.size == 1:
        return np.full(channels, flat[0])
    return flat if constant.shape[-1:] == (channels,) == flat.shape else flat[:0]
