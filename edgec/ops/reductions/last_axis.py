"""Operators that work along the last axis, where ONNX names any axis: moved there and back."""

from collections.abc import Sequence
from math import prod

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.operator import Operator
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import SourceNode

_ONE_AXIS_OPSET = 13  # before, the axes from ``axis`` on counted as one


def import_over_axis(node: SourceNode, g: GraphBuilder, op: Operator) -> Sequence[ValueName]:
    """Add ``op``, which works along the last axis, along the axis that an ONNX node names."""
    flattens = 0 < node.version < _ONE_AXIS_OPSET
    x = node.input(0)
    rank = g.type(x).rank
    axis = checked_axis(node, node.integer("axis", default=1 if flattens else -1), rank)
    if flattens and axis < rank - 1:
        return _over_flattened(node, g, op, axis)
    return along_axis(node, g, op, axis)


def _over_flattened(
    node: SourceNode, g: GraphBuilder, op: Operator, axis: int
) -> Sequence[ValueName]:
    shape = g.type(node.input(0)).shape
    flat = Reshape(shape=(prod(shape[:axis]), prod(shape[axis:])))
    rows = g.add1(flat, node.input(0), name=f"{node.name}/rows")
    y = g.add1(op, rows, name=node.name)
    return g.add(Reshape(shape=shape), [y], name=f"{node.name}/shape", outputs=node.outputs)


def along_axis(node: SourceNode, g: GraphBuilder, op: Operator, axis: int) -> Sequence[ValueName]:
    """Add ``op``, which works along the last axis, along axis ``axis`` of input 0."""
    rank = g.type(node.input(0)).rank
    if axis == rank - 1:
        return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs)
    perm = (*(i for i in range(rank) if i != axis), axis)
    back = tuple(perm.index(i) for i in range(rank))
    rows = g.add1(Transpose(perm=perm), node.input(0), name=f"{node.name}/last")
    y = g.add1(op, rows, name=node.name)
    return g.add(Transpose(perm=back), [y], name=f"{node.name}/back", outputs=node.outputs)
