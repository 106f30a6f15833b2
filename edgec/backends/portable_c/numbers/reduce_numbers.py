"""Reductions of int32 in plain C, over one or two runs of neighboring axes."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.reductions.reduction import five_extents, two_runs_of_axes
from edgec.ops.numbers.reduce_numbers import ReduceNumbers, Total
from edgec.program import Call, Scalar

_CODES = {Total.SUM: 0, Total.MAXIMUM: 1, Total.MINIMUM: 2}


@kernel("portable_c", ReduceNumbers, requires=(two_runs_of_axes,))
def reduce_s32(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, ReduceNumbers)  # noqa: S101 - the registry guarantees it
    extents = [Scalar(extent) for extent in five_extents(ctx.request)]
    args = [*extents, Scalar(_CODES[op.total]), ctx.input(0), ctx.output()]
    return Call("edgec_reduce_s32", args)
