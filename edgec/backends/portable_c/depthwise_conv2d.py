"""Depthwise convolution in plain C: any window, any multiplier."""

from edgec.backends.base import LoweringContext, kernel
from edgec.backends.constraints import (
    constant_weights,
    int8_data,
    int16_data,
    symmetric_weights,
)
from edgec.backends.portable_c import structs
from edgec.backends.wide_sums import sums_fit
from edgec.lir import Call, Scalar
from edgec.ops.conv2d import conv_factors
from edgec.ops.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.fixed_point import quantize_multipliers


@kernel("portable_c", DepthwiseConv2D, requires=(int8_data, constant_weights, symmetric_weights))
def depthwise_conv2d_s8(ctx: LoweringContext) -> Call:
    op, signature = ctx.request.op, ctx.signature
    assert isinstance(op, DepthwiseConv2D)  # noqa: S101 - the registry guarantees it
    multipliers, shifts = quantize_multipliers(conv_factors(signature))
    x, weights, y = signature.inputs[0], signature.inputs[1], signature.output
    return Call(
        "edgec_depthwise_conv2d_s8",
        [
            structs.dims(x.shape),
            ctx.input(0),
            structs.dims(weights.shape),
            ctx.input(1),
            ctx.optional_input(2),
            structs.window(op.window),
            ctx.table("multipliers", multipliers),
            ctx.table("shifts", shifts),
            Scalar(-x.quantization.zero_point),
            Scalar(y.quantization.zero_point),
            structs.clamp(op.activation, y),
            structs.dims(y.shape),
            ctx.output(),
        ],
    )


@kernel(
    "portable_c",
    DepthwiseConv2D,
    requires=(int16_data, constant_weights, symmetric_weights, sums_fit),
)
def depthwise_conv2d_s16(ctx: LoweringContext) -> Call:
    op, signature = ctx.request.op, ctx.signature
    assert isinstance(op, DepthwiseConv2D)  # noqa: S101 - the registry guarantees it
    return Call(
        "edgec_depthwise_conv2d_s16",
        [
            structs.dims(signature.inputs[0].shape),
            ctx.input(0),
            structs.dims(signature.inputs[1].shape),
            ctx.input(1),
            structs.window(op.window),
            structs.layer_s16(ctx, conv_factors(signature), op.activation, per_channel=True),
            structs.dims(signature.output.shape),
            ctx.output(),
        ],
    )
