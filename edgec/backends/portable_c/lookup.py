"""Functions of one int8 element: one kernel, its table made by the operator's own semantics."""

from edgec.backends.base import LoweringContext, kernel
from edgec.backends.constraints import int8_inputs
from edgec.lir import Call, Scalar
from edgec.ops.unary import Unary, lookup_table


@kernel("portable_c", Unary, requires=(int8_inputs,))  # type: ignore[type-abstract]  # all below
def lut_s8(ctx: LoweringContext) -> Call:
    op, size = ctx.request.op, Scalar(ctx.signature.output.elements)
    assert isinstance(op, Unary)  # noqa: S101 - the registry guarantees it
    table = ctx.table("table", lookup_table(op, ctx.signature))
    return Call("edgec_lut_s8", [table, ctx.input(0), size, ctx.output()])
