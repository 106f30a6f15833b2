"""Calls of the convolution kernels: all of them take the same arguments."""

from edgec.backends.base import LoweringContext
from edgec.backends.portable_c import structs
from edgec.lir import Call, Scalar
from edgec.ops.base import Activation
from edgec.ops.conv2d import conv_factors
from edgec.ops.fixed_point import quantize_multipliers
from edgec.ops.windows import Window


def call_s8(ctx: LoweringContext, function: str, window: Window, activation: Activation) -> Call:
    """Return the call of an int8 kernel: input, weights, optional bias, a scale per output."""
    signature = ctx.signature
    multipliers, shifts = quantize_multipliers(conv_factors(signature))
    x, weights, y = signature.inputs[0], signature.inputs[1], signature.output
    return Call(
        function,
        [
            structs.dims(x.shape),
            ctx.input(0),
            structs.dims(weights.shape),
            ctx.input(1),
            ctx.optional_input(2),
            structs.window(window),
            ctx.table("multipliers", multipliers),
            ctx.table("shifts", shifts),
            Scalar(-x.quantization.zero_point),
            Scalar(y.quantization.zero_point),
            structs.clamp(activation, y),
            structs.dims(y.shape),
            ctx.output(),
        ],
    )


def call_s16(ctx: LoweringContext, function: str, window: Window, activation: Activation) -> Call:
    """Return the call of an int16 kernel; the bias is part of the layer's struct."""
    signature = ctx.signature
    return Call(
        function,
        [
            structs.dims(signature.inputs[0].shape),
            ctx.input(0),
            structs.dims(signature.inputs[1].shape),
            ctx.input(1),
            structs.window(window),
            structs.layer_s16(ctx, conv_factors(signature), activation, per_channel=True),
            structs.dims(signature.output.shape),
            ctx.output(),
        ],
    )
