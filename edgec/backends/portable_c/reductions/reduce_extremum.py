"""Largest and smallest elements in plain C, over one or two runs of neighboring axes."""

from edgec.backends.constraints import int8_data, int16_data, same_quantization
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.reductions.reduction import five_extents, two_runs_of_axes
from edgec.ops.reductions.reduce_extremum import ReduceExtremum
from edgec.program import Call, Scalar

_REQUIRES = (same_quantization, two_runs_of_axes)


@kernel("portable_c", ReduceExtremum, requires=(int8_data, *_REQUIRES))
def reduce_extremum_s8(ctx: OfferContext) -> Call:
    return _call("edgec_reduce_extremum_s8", ctx)


@kernel("portable_c", ReduceExtremum, requires=(int16_data, *_REQUIRES))
def reduce_extremum_s16(ctx: OfferContext) -> Call:
    return _call("edgec_reduce_extremum_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, ReduceExtremum)  # noqa: S101 - the registry guarantees it
    extents = [Scalar(extent) for extent in five_extents(ctx.request)]
    args = [*extents, Scalar(int(op.largest)), ctx.input(0), ctx.output()]
    return Call(function, args)
