"""ONNX ReduceLogSum and ReduceLogSumExp, step by step."""

from collections.abc import Sequence
from dataclasses import replace

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.sub import Sub
from edgec.ops.functions.exp import Exp
from edgec.ops.functions.log import Log
from edgec.ops.movement.reshape import Reshape
from edgec.ops.reductions.reduce_extremum import ReduceExtremum
from edgec.ops.reductions.reduction import listed_axes
from edgec.ops.reductions.sum import Sum
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "ReduceLogSum")
def _log_of_sum(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    axes, keep_dims = listed_axes(node, g), node.flag("keepdims", default=True)
    plain = replace(node, attrs={})
    total = Sum(axes=axes or (), keep_dims=keep_dims)
    (x,) = add_or_fold(plain.part(suffix="sum"), g, total, [node.input(0)])
    return add_or_fold(plain, g, Log(), [x])


@importer(Format.ONNX, "ReduceLogSumExp")
def _log_of_exponentials(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """log(sum(exp(x - max))) + max, which no large x lets overflow."""
    axes, keep_dims = listed_axes(node, g) or (), node.flag("keepdims", default=True)
    plain, x = replace(node, attrs={}), node.input(0)
    largest = ReduceExtremum(axes=axes, keep_dims=True)
    (top,) = add_or_fold(plain.part(suffix="max"), g, largest, [x])
    (below,) = add_or_fold(plain.part(suffix="below"), g, Sub(), [x, top])
    (powers,) = add_or_fold(plain.part(suffix="powers"), g, Exp(), [below])
    total = Sum(axes=axes, keep_dims=True)
    (total_of_powers,) = add_or_fold(plain.part(suffix="sum"), g, total, [powers])
    (log,) = add_or_fold(plain.part(suffix="log"), g, Log(), [total_of_powers])
    (y,) = add_or_fold(plain.part(suffix="kept"), g, Add(), [log, top])
    shape = g.type(x).shape
    kept = tuple(
        1 if axis in axes else extent
        for axis, extent in enumerate(shape)
        if keep_dims or axis not in axes
    )
    return add_or_fold(plain, g, Reshape(shape=kept), [y])
