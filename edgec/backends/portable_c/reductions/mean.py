"""Mean and sum in plain C, over one or two runs of neighboring axes: one kernel, two scales."""

from edgec.backends.constraints import int8_data, int16_data
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.reductions.reduction import (
    five_extents,
    int16_sum_fits,
    sum_fits,
    two_runs_of_axes,
)
from edgec.ir import Signature
from edgec.ops.reductions.mean import Mean
from edgec.ops.reductions.sum import Sum
from edgec.program import Call, Scalar


@kernel("portable_c", Mean, requires=(int8_data, two_runs_of_axes, sum_fits))
def mean_s8(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Mean)  # noqa: S101 - the registry guarantees it
    return _call("edgec_mean_s8", ctx, op, ctx.signature)


@kernel("portable_c", Mean, requires=(int16_data, two_runs_of_axes, int16_sum_fits))
def mean_s16(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Mean)  # noqa: S101 - the registry guarantees it
    return _call("edgec_mean_s16", ctx, op, ctx.signature)


@kernel("portable_c", Sum, requires=(int8_data, two_runs_of_axes, sum_fits))
def sum_s8(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Sum)  # noqa: S101 - the registry guarantees it
    return _call("edgec_mean_s8", ctx, op.mean(), op.mean_signature(ctx.signature))


@kernel("portable_c", Sum, requires=(int16_data, two_runs_of_axes, int16_sum_fits))
def sum_s16(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Sum)  # noqa: S101 - the registry guarantees it
    return _call("edgec_mean_s16", ctx, op.mean(), op.mean_signature(ctx.signature))


def _call(function: str, ctx: OfferContext, op: Mean, signature: Signature) -> Call:
    x, y = signature.inputs[0].quantization, signature.output.quantization
    return Call(
        function,
        [
            *(Scalar(extent) for extent in five_extents(ctx.request)),
            ctx.input(0),
            Scalar(-x.zero_point * op.count(signature)),
            structs.fixed_point(*op.multiplier(signature)),
            Scalar(y.zero_point),
            ctx.output(),
        ],
    )
