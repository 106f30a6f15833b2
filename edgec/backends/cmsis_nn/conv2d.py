"""Convolution by CMSIS-NN: the variant that its wrapper would pick is picked at build time."""

from edgec.backends.cmsis_nn import structs
from edgec.backends.cmsis_nn.arguments import has, is_pinned, linked
from edgec.backends.cmsis_nn.convolutions import Bias, convolution
from edgec.backends.constraints import (
    constant_weights,
    int8_data,
    int16_data,
    symmetric_weights,
)
from edgec.backends.kernel import kernel
from edgec.backends.offer import NotOfferedError, OfferContext
from edgec.backends.request import Request
from edgec.backends.wide_sums import outputs_fit, sums_fit, wide_bias
from edgec.ir import Signature, TensorType
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Window
from edgec.program import Call, Scalar, Struct
from edgec.targets.cpu import CpuCore

_FAST = "arm_convolve_fast_s16"
_FAST_COLUMNS = 512  # weights of an output channel


def one_group(request: Request) -> bool:
    """All input channels reach every output channel (no groups)."""
    x, weights = request.signature.inputs[:2]
    return x.shape[3] == weights.shape[3]


@kernel("cmsis_nn", Conv2D, requires=(int8_data, constant_weights, symmetric_weights, one_group))
def convolve_s8(ctx: OfferContext) -> Call:
    window, signature = _conv(ctx.request).window, ctx.signature
    outputs = signature.output.shape[3]
    chosen = variant(window, signature, ctx.cpu, is_pinned=is_pinned(ctx))
    return _call(ctx, chosen, structs.bias(ctx, outputs))


_REQUIRES_INT16 = (
    int16_data,
    constant_weights,
    symmetric_weights,
    one_group,
    wide_bias,
    sums_fit,
    outputs_fit,
)


@kernel("cmsis_nn", Conv2D, requires=_REQUIRES_INT16)
def convolve_s16(ctx: OfferContext) -> Call:
    window, weights = _conv(ctx.request).window, ctx.signature.inputs[1]
    return _call(ctx, variant_s16(ctx, window, weights), ctx.input(2))


def _conv(request: Request) -> Conv2D:
    assert isinstance(request.op, Conv2D)  # noqa: S101 - the registry guarantees it
    return request.op


def _call(ctx: OfferContext, chosen: tuple[str, int], bias: Bias) -> Call:
    return convolution(ctx, chosen, params(_conv(ctx.request), ctx.signature), bias)


def params(op: Conv2D, signature: Signature) -> Struct:
    """Return ``cmsis_nn_conv_params``."""
    return Struct(
        "cmsis_nn_conv_params",
        {
            "input_offset": Scalar(-signature.inputs[0].quantization.zero_point),
            "output_offset": Scalar(signature.output.quantization.zero_point),
            **structs.window_fields(op.window),
            "activation": structs.activation(op.activation, signature.output),
        },
    )


def variant(
    window: Window, signature: Signature, cpu: CpuCore, *, is_pinned: bool
) -> tuple[str, int]:
    """Return the function and its scratch bytes on ``cpu`` (arm_convolve_wrapper_s8's choice).

    What the kernel for rows demands is known of the pinned version only. Later ones round the
    columns in the scratch memory of arm_convolve_s8 up to 16 bytes, it rounds them to 8.
    """
    x, y = signature.inputs[0], signature.output
    columns = window.kernel[0] * window.kernel[1] * x.shape[3]
    pointwise = window.kernel == (1, 1) and not any(window.pads) and window.dilations == (1, 1)
    if pointwise and window.strides == (1, 1):
        return "arm_convolve_1x1_s8_fast", 0
    if pointwise:
        return "arm_convolve_1x1_s8", 0
    if cpu.isa == "mve":
        if is_pinned and _one_row_on_mve(window, x.shape[1:], y.shape[2]):
            return "arm_convolve_1_x_n_s8", 0
        lanes = 8 if is_pinned else 16
        return "arm_convolve_s8", 4 * -(-columns // lanes) * lanes
    return "arm_convolve_s8", 2 * -(-columns // 4) * 4 * 2


def variant_s16(ctx: OfferContext, window: Window, weights: TensorType) -> tuple[str, int]:
    """Return the function and its scratch bytes (arm_convolve_wrapper_s16's choice).

    The fast variant adds up in 32 bits; DSP cores alone have it. Where a version has none, its
    arm_convolve_s16 needs memory, and how much is not known to us.
    """
    if not has(ctx, _FAST):
        message = (
            f"CMSIS-NN has {_FAST} ({linked(ctx).revision} does not: arm_convolve_s16 differs)"
        )
        raise NotOfferedError(message)
    columns = weights.elements // weights.shape[0]
    undilated = window.dilations == (1, 1)
    if ctx.cpu.isa == "dsp" and undilated and columns < _FAST_COLUMNS:
        return _FAST, 2 * 2 * columns
    return "arm_convolve_s16", 0


def _one_row_on_mve(window: Window, extent: tuple[int, ...], outputs: int) -> bool:
    """Tell whether the MVE row kernel is right: no window leaves the row on both sides.

    It takes ``before`` windows to begin in the padding, ``after`` to end there. With padding as
    even as it demands, the first output that is not ``before`` begins at 0 or later, and the last
    that is not ``after`` ends inside.
    """
    height, width, channels = extent
    kernel, stride, left = window.kernel[1], window.strides[1], window.pads[2]
    if height != 1 or window.kernel[0] != 1 or window.dilations != (1, 1) or any(window.pads[:2]):
        return False
    total = (outputs - 1) * stride + kernel - width
    if (stride * channels) % 4 or left * 2 + total % 2 != total:
        return False
    before = -(-left // stride)
    after = -(-(left + total % 2) // stride)
    return before + after <= outputs
