"""Folds batch normalization into the layer beside it; where none is, it becomes mul + add."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Graph, Node
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.batch_norm import BatchNorm
from edgec.passes.folding.kept_integers import KeptIntegers
from edgec.passes.folding.weighted_layers import as_layer
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FoldBatchNorm:
    """Leaves no batch norm: x * gain + offset per channel goes into weights and bias."""

    name: ClassVar[str] = "fold_batch_norm"

    def run(self, graph: Graph) -> Graph:
        kept = KeptIntegers(graph.grids)
        before = partial(_into_layer_before, kept)
        graph = kept.graph(rewrite(graph, before, _into_layer_after))
        return rewrite(graph, _as_mul_and_add)


def _parameters(node: Node | None, around: Neighborhood) -> list[Array] | None:
    """Return scale, shift, mean and variance; None where it is no batch norm of constants."""
    if node is None or not isinstance(node.op, BatchNorm):
        return None
    known = [array for value in node.inputs[1:] if (array := around.constant(value)) is not None]
    return known if len(known) == len(node.inputs) - 1 else None


def _gain_and_offset(node: Node | None, around: Neighborhood) -> tuple[Array, Array] | None:
    known = _parameters(node, around)
    if node is None or known is None:
        return None
    assert isinstance(node.op, BatchNorm)  # noqa: S101 - it has parameters
    return node.op.gain_and_offset(*known)


def _is_last_axis(node: Node, around: Neighborhood) -> bool:
    rank = around.type(node.outputs[0]).rank
    return isinstance(node.op, BatchNorm) and node.op.axis == rank - 1


def _into_layer_before(kept: KeptIntegers, node: Node, around: Neighborhood) -> Replacement | None:
    """Fold as PyTorch's dynamo exporter does, in float32: its files give the same integers."""
    known = _parameters(node, around)
    layer = as_layer(around.private_producer(node), around)
    if known is None or layer is None or not layer.is_linear() or not _is_last_axis(node, around):
        return None
    assert isinstance(node.op, BatchNorm)  # noqa: S101 - it has parameters
    scale, shift, mean, variance = known
    with np.errstate(all="ignore"):  # a broken file may hold infinities
        gain = scale / np.sqrt(variance + np.float32(node.op.epsilon))
        bias = (layer.bias - mean) * gain + shift
    draft = Draft(around, [layer.node, node])
    weights = kept.scaled(layer, gain)
    layer.put(draft, layer.node.inputs[0], weights, bias, node.outputs[0], layer.node.op)
    return draft.replacement()


def _into_layer_after(node: Node, around: Neighborhood) -> Replacement | None:
    """Fold into a dense layer that reads the normalized rows (a padded layer cannot)."""
    layer = as_layer(node, around)
    if layer is None or not layer.op.is_dense:
        return None
    norm = around.private_producer(node)
    factors = _gain_and_offset(norm, around)
    if norm is None or factors is None or not _is_last_axis(norm, around):
        return None
    gain, offset = factors
    if not layer.op.has_place_for(layer.weights.shape, len(gain)):
        return None
    draft = Draft(around, [norm, node])
    weights = np.asarray(layer.weights * gain, np.float32)
    bias = layer.bias + layer.weights @ offset
    layer.put(draft, norm.inputs[0], weights, bias, node.outputs[0], node.op)
    return draft.replacement()


def _as_mul_and_add(node: Node, around: Neighborhood) -> Replacement | None:
    factors = _gain_and_offset(node, around)
    if factors is None or not isinstance(node.op, BatchNorm):
        return None
    extent = (-1,) + (1,) * (around.type(node.outputs[0]).rank - 1 - node.op.axis)
    gain, offset = (each.reshape(extent).astype(np.float32) for each in factors)
    draft = Draft(around, [node])
    g, o = draft.constant(f"{node.name}.gain", gain), draft.constant(f"{node.name}.offset", offset)
    scaled = draft.add(Mul(), [node.inputs[0], g], name=f"{node.name}/mul")
    draft.add(Add(), [scaled, o], name=node.name, output=node.outputs[0])
    return draft.replacement()
