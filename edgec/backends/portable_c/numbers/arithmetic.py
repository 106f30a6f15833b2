"""Arithmetic of int32 in plain C, with broadcasting."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.elementwise.broadcasting import elementwise_call
from edgec.backends.portable_c.movement.loops import few_loops
from edgec.ops.numbers.arithmetic import Arithmetic, Calculation
from edgec.program import Call, Scalar

_CODES = {
    Calculation.ADD: 0,
    Calculation.SUB: 1,
    Calculation.MUL: 2,
    Calculation.DIV: 3,
    Calculation.FLOOR_DIV: 4,
    Calculation.FLOOR_MOD: 5,
    Calculation.MINIMUM: 6,
    Calculation.MAXIMUM: 7,
    Calculation.XOR: 8,
    Calculation.SHIFT_RIGHT: 9,
    Calculation.AND: 10,
    Calculation.OR: 11,
    Calculation.REMAINDER: 12,
}


@kernel("portable_c", Arithmetic, requires=(few_loops,))
def arithmetic_s32(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Arithmetic)  # noqa: S101 - the registry guarantees it
    return elementwise_call(ctx, "edgec_arithmetic_s32", Scalar(_CODES[op.calculation]))
