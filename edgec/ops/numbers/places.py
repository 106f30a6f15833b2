"""Gathers whose places have several axes, at run time: as places along one axis."""

from collections.abc import Sequence
from math import prod

import numpy as np

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.gather import check_table, gather_nd
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.numbers.arithmetic import Arithmetic, Calculation
from edgec.ops.numbers.compare import Compare, Relation
from edgec.ops.numbers.expressions import Expression
from edgec.ops.numbers.gather_rows import GatherRows
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.numbers.select import Select
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode, importer

_ADD, _MUL = Arithmetic(calculation=Calculation.ADD), Arithmetic(calculation=Calculation.MUL)
_LEAST = Arithmetic(calculation=Calculation.MAXIMUM)
_MOST = Arithmetic(calculation=Calculation.MINIMUM)


def elements_at_run_time(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Add elements at places along one axis; where they are along the others is a constant."""
    x, indices = in_32_bits(g, node.input(0)), in_32_bits(g, node.input(1))
    shape, taken = g.type(x).shape, g.type(indices).shape
    axis = checked_axis(node, node.integer("axis", default=0), len(shape))
    others = [n for each, n in enumerate(taken) if each != axis]
    limits = [n for each, n in enumerate(shape) if each != axis]
    if len(taken) != len(shape) or any(a > b for a, b in zip(others, limits, strict=False)):
        message = f"indices {taken} into {shape}"
        raise node.reject(message, code="malformed-model")
    check_table(node, prod(taken))
    steps = [prod(shape[each + 1 :]) for each in range(len(shape))]
    grid = np.indices(taken)
    fixed = sum(
        (grid[each] * steps[each] for each in range(len(shape)) if each != axis),
        np.zeros(taken, np.int64),
    )
    expression = Expression(node, g)
    places = within(expression, indices, shape[axis], wraps=True)
    places = expression.add(_MUL, places, expression.number(steps[axis]))
    base = g.constant(f"{node.name}/base", fixed.astype(np.int32))
    flat = expression.add(Reshape(shape=(prod(shape),)), x)
    return add_or_fold(node, g, GatherRows(), [flat, expression.add(_ADD, places, base)])


@importer(Format.ONNX, "GatherND")
@importer(Format.TFLITE, "GATHER_ND")
def _nd(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    known = g.constant_value(node.input(1)) is not None
    return gather_nd(node, g) if known else _nd_at_run_time(node, g)


def _nd_at_run_time(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Add a gather of blocks at places along the first axes, which are made one."""
    x, indices = in_32_bits(g, node.input(0)), in_32_bits(g, node.input(1))
    shape, taken = g.type(x).shape, g.type(indices).shape
    if node.integer("batch_dims", 0):
        raise node.reject(
            f"batch_dims = {node.integer('batch_dims')} with indices computed at run time",
            help="gather with batch_dims = 0",
        )
    depth = taken[-1] if taken else 0
    if not 1 <= depth <= len(shape):
        raise node.reject(f"indices {taken} into {shape}", code="malformed-model")
    expression = Expression(node, g)
    whole = Slice.whole(taken)
    total: ValueName | None = None
    for each in range(depth):
        column = expression.add(whole.along(len(taken) - 1, each, 1, 1), indices)
        column = expression.add(Reshape(shape=taken[:-1]), column)
        column = within(expression, column, shape[each], wraps=node.format is Format.ONNX)
        step = expression.number(prod(shape[each + 1 : depth]))
        part = expression.add(_MUL, column, step)
        total = part if total is None else expression.add(_ADD, total, part)
    assert total is not None  # noqa: S101 - depth is at least 1
    blocks = expression.add(Reshape(shape=(prod(shape[:depth]), *shape[depth:])), x)
    return add_or_fold(node, g, GatherRows(), [blocks, total])


def within(steps: Expression, places: ValueName, extent: int, *, wraps: bool) -> ValueName:
    """Return places limited to [0, extent); negative ones count from the end where ``wraps``."""
    if wraps:
        negative = steps.add(Compare(relation=Relation.LESS), places, steps.number(0))
        later = steps.add(_ADD, places, steps.number(extent))
        places = steps.add(Select(), negative, later, places)
    places = steps.add(_LEAST, places, steps.number(0))
    return steps.add(_MOST, places, steps.number(extent - 1))
