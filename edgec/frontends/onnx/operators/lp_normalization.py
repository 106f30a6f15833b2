"""ONNX LpNormalization and Normalizer: elements divided by a norm of all along an axis."""

from collections.abc import Sequence
from dataclasses import replace

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.activations.softmax import Softmax
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.mul import Mul
from edgec.ops.functions.abs import Abs
from edgec.ops.functions.reciprocal import Reciprocal
from edgec.ops.layers.l2_normalization import L2Normalization
from edgec.ops.operator import Operator
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.reductions.last_axis import along_axis
from edgec.ops.reductions.reduce_extremum import ReduceExtremum
from edgec.ops.reductions.reduction import Reduction
from edgec.ops.reductions.sum import Sum
from edgec.ops.registry import Format, SourceNode, importer

_EUCLID = 2


@importer(Format.ONNX, "LpNormalization")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    axis = checked_axis(node, node.integer("axis", default=-1), g.type(node.input(0)).rank)
    if node.integer("p", default=_EUCLID) == _EUCLID:
        return along_axis(node, g, L2Normalization(), axis)
    return _by_sum(node, g, axis)


@importer(Format.ONNX, "ai.onnx.ml::Normalizer")
def _normalizer(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Rows of features; MAX divides by the largest element, not the largest magnitude."""
    axis, norm = g.type(node.input(0)).rank - 1, node.text("norm", default="MAX")
    if norm == "L2":
        return along_axis(node, g, L2Normalization(), axis)
    if norm == "L1":
        return _by_sum(node, g, axis)
    largest = ReduceExtremum(axes=(axis,), keep_dims=True)
    return _divided(node, g, node.input(0), largest)


def _by_sum(node: SourceNode, g: GraphBuilder, axis: int) -> Sequence[ValueName]:
    """Divide by the sum of magnitudes; what Softmax makes adds up to 1 already."""
    x = node.input(0)
    maker = g.producer(x)
    made = maker.op if maker else None
    if isinstance(made, Softmax) and axis == g.type(x).rank - 1:
        return [x]
    terms = x
    if not (isinstance(made, Operator) and made.never_negative):
        (terms,) = add_or_fold(node.part(suffix="magnitudes"), g, Abs(), [x])
    return _divided(node, g, terms, Sum(axes=(axis,), keep_dims=True))


def _divided(
    node: SourceNode, g: GraphBuilder, terms: ValueName, norm: Reduction
) -> Sequence[ValueName]:
    """Divide input 0 by a reduction of ``terms``; where this is 0, the result is too."""
    whole = replace(node, attrs={})
    (length,) = add_or_fold(whole.part(suffix="norm"), g, norm, [terms])
    inverse = Reciprocal(keeps_zero=True)
    (factor,) = add_or_fold(whole.part(suffix="inverse"), g, inverse, [length])
    return add_or_fold(whole, g, Mul(), [node.input(0), factor])
