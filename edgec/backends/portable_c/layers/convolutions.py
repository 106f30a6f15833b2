"""Calls of the convolution kernels: they take the same arguments, some scratch memory too."""

from collections.abc import Sequence

from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.ops.layers.conv2d import conv_factors
from edgec.ops.layers.windows import Window
from edgec.ops.numerics.fixed_point import quantize_multipliers
from edgec.ops.operator import Activation
from edgec.program import Argument, Call, ConstantRef, Scalar


def call_s8(
    ctx: OfferContext,
    function: str,
    window: Window,
    activation: Activation,
    *,
    weights: ConstantRef | None = None,
    weight_offset: Sequence[Argument] = (),
    scratch: Sequence[Argument] = (),
) -> Call:
    """Return the call of an int8 kernel: input, weights, optional bias, a scale per output.

    ``weights`` stands in for the weights as they are in the model; kernels for weights with a zero
    point take a ``weight_offset`` behind them.
    """
    signature = ctx.signature
    multipliers, shifts = quantize_multipliers(conv_factors(signature))
    x, y = signature.inputs[0], signature.output
    return Call(
        function,
        [
            structs.dims(x.shape),
            ctx.input(0),
            structs.dims(signature.inputs[1].shape),
            ctx.input(1) if weights is None else weights,
            *weight_offset,
            ctx.optional_input(2),
            structs.window(window),
            ctx.table("multipliers", multipliers),
            ctx.table("shifts", shifts),
            Scalar(-x.quantization.zero_point),
            Scalar(y.quantization.zero_point),
            structs.clamp(activation, y),
            structs.dims(y.shape),
            *scratch,
            ctx.output(),
        ],
    )


def call_shifted_s8(
    ctx: OfferContext,
    function: str,
    window: Window,
    activation: Activation,
    scratch: Sequence[Argument] = (),
) -> Call:
    """Return the call of an int8 kernel for weights with a zero point."""
    offset = Scalar(-ctx.signature.inputs[1].quantization.zero_points[0])
    return call_s8(ctx, function, window, activation, weight_offset=[offset], scratch=scratch)


def call_s16(
    ctx: OfferContext,
    function: str,
    window: Window,
    activation: Activation,
    *,
    weights: ConstantRef | None = None,
    scratch: Sequence[Argument] = (),
) -> Call:
    """Return the call of an int16 kernel; the bias is part of the layer's struct."""
    signature = ctx.signature
    return Call(
        function,
        [
            structs.dims(signature.inputs[0].shape),
            ctx.input(0),
            structs.dims(signature.inputs[1].shape),
            ctx.input(1) if weights is None else weights,
            structs.window(window),
            structs.layer_s16(ctx, conv_factors(signature), activation, per_channel=True),
            structs.dims(signature.output.shape),
            *scratch,
            ctx.output(),
        ],
    )
