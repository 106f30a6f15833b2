"""Functions of one element: one kernel per width, its table made by the operator's semantics."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ops.functions.lookup import Lookup
from edgec.ops.functions.unary import Tabulated, Unary, lookup_table
from edgec.program import Call, Scalar


def constant_table(request: Request) -> bool:
    """The table is a constant."""
    return request.is_constant(1)


@kernel("portable_c", Unary, requires=(int8_inputs,))  # type: ignore[type-abstract]  # all below
def lut_s8(ctx: OfferContext) -> Call:
    op, size = ctx.request.op, Scalar(ctx.signature.output.elements)
    assert isinstance(op, Unary)  # noqa: S101 - the registry guarantees it
    table = ctx.table("table", lookup_table(op, ctx.signature))
    return Call("edgec_lut_s8", [table, ctx.input(0), size, ctx.output()])


@kernel("portable_c", Tabulated, requires=(int16_inputs,))  # type: ignore[type-abstract]
def lut_s16(ctx: OfferContext) -> Call:
    op, size = ctx.request.op, Scalar(ctx.signature.output.elements)
    assert isinstance(op, Tabulated)  # noqa: S101 - the registry guarantees it
    table = ctx.table("table", op.samples(ctx.signature))
    return Call("edgec_lut_s16", [table, ctx.input(0), size, ctx.output()])


@kernel("portable_c", Lookup, requires=(int8_inputs, constant_table))
def table_s8(ctx: OfferContext) -> Call:
    return _in_table("edgec_lut_s8", ctx)


@kernel("portable_c", Lookup, requires=(int16_inputs, constant_table))
def table_s16(ctx: OfferContext) -> Call:
    return _in_table("edgec_lut_s16", ctx)


def _in_table(function: str, ctx: OfferContext) -> Call:
    size = Scalar(ctx.signature.output.elements)
    return Call(function, [ctx.input(1), ctx.input(0), size, ctx.output()])
