"""Fully connected layer in plain C."""

from collections.abc import Sequence

from edgec.backends.constraints import (
    constant_weights,
    int8_data,
    int16_data,
    one_weight_scale,
    shifted_weights,
    symmetric_weights,
    weight_scale_per_output,
)
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.wide_sums import sums_fit
from edgec.ops.layers.fully_connected import FullyConnected, fully_connected_factors
from edgec.ops.numerics.fixed_point import quantize_multipliers
from edgec.program import Argument, Call, Scalar


@kernel("portable_c", FullyConnected, requires=(int8_data, symmetric_weights, one_weight_scale))
def fully_connected_s8(ctx: OfferContext) -> Call:
    return _call_s8(ctx, "edgec_fully_connected_s8", [_one_scale(ctx)])


@kernel("portable_c", FullyConnected, requires=(int8_data, constant_weights, shifted_weights))
def fully_connected_shifted_s8(ctx: OfferContext) -> Call:
    offset = Scalar(-ctx.signature.inputs[1].quantization.zero_point)
    return _call_s8(ctx, "edgec_fully_connected_shifted_s8", [_one_scale(ctx)], [offset])


def _one_scale(ctx: OfferContext) -> Argument:
    return structs.scale(*fully_connected_factors(ctx.signature))


def _call_s8(
    ctx: OfferContext,
    function: str,
    scaling: Sequence[Argument],
    weight_offset: Sequence[Argument] = (),
) -> Call:
    op, signature = ctx.request.op, ctx.signature
    assert isinstance(op, FullyConnected)  # noqa: S101 - the registry guarantees it
    x, weights, y = signature.inputs[0], signature.inputs[1], signature.output
    outputs, depth = weights.shape
    return Call(
        function,
        [
            Scalar(x.elements // depth),
            Scalar(depth),
            ctx.input(0),
            ctx.input(1),
            *weight_offset,
            ctx.optional_input(2),
            *scaling,
            Scalar(-x.quantization.zero_point),
            Scalar(y.quantization.zero_point),
            structs.clamp(op.activation, y),
            Scalar(outputs),
            ctx.output(),
        ],
    )


@kernel(
    "portable_c",
    FullyConnected,
    requires=(int8_data, constant_weights, symmetric_weights, weight_scale_per_output),
)
def fully_connected_per_channel_s8(ctx: OfferContext) -> Call:
    multipliers, shifts = quantize_multipliers(fully_connected_factors(ctx.signature))
    scaling = [ctx.table("multipliers", multipliers), ctx.table("shifts", shifts)]
    return _call_s8(ctx, "edgec_fully_connected_per_channel_s8", scaling)


@kernel(
    "portable_c",
    FullyConnected,
    requires=(int16_data, constant_weights, symmetric_weights, sums_fit),
)
def fully_connected_s16(ctx: OfferContext) -> Call:
    op, signature = ctx.request.op, ctx.signature
    assert isinstance(op, FullyConnected)  # noqa: S101 - the registry guarantees it
    outputs, depth = signature.inputs[1].shape
    factors = fully_connected_factors(signature)
    return Call(
        "edgec_fully_connected_s16",
        [
            Scalar(signature.inputs[0].elements // depth),
            Scalar(depth),
            ctx.input(0),
            ctx.input(1),
            structs.layer_s16(ctx, factors, op.activation, per_channel=len(factors) > 1),
            Scalar(outputs),
            ctx.output(),
        ],
    )
