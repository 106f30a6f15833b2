"""Depthwise convolution in plain C: any window, any multiplier."""

from edgec.backends.constraints import (
    constant_weights,
    int8_data,
    int16_data,
    shifted_weights,
    symmetric_weights,
)
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.layers.convolutions import call_s8, call_s16, call_shifted_s8
from edgec.backends.wide_sums import sums_fit
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.program import Call


@kernel("portable_c", DepthwiseConv2D, requires=(int8_data, constant_weights, symmetric_weights))
def depthwise_conv2d_s8(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, DepthwiseConv2D)  # noqa: S101 - the registry guarantees it
    return call_s8(ctx, "edgec_depthwise_conv2d_s8", op.window, op.activation)


@kernel(
    "portable_c",
    DepthwiseConv2D,
    requires=(int16_data, constant_weights, symmetric_weights, sums_fit),
)
def depthwise_conv2d_s16(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, DepthwiseConv2D)  # noqa: S101 - the registry guarantees it
    return call_s16(ctx, "edgec_depthwise_conv2d_s16", op.window, op.activation)


@kernel("portable_c", DepthwiseConv2D, requires=(int8_data, constant_weights, shifted_weights))
def depthwise_conv2d_shifted_s8(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, DepthwiseConv2D)  # noqa: S101 - the registry guarantees it
    return call_shifted_s8(ctx, "edgec_depthwise_conv2d_shifted_s8", op.window, op.activation)
