"""Depthwise convolution by CMSIS-NN: the variant its wrapper would pick is picked at build time."""

from edgec.backends.cmsis_nn import structs
from edgec.backends.cmsis_nn.arguments import linked
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
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.windows import Window
from edgec.program import Call, Scalar, Struct
from edgec.targets.cpu import CpuCore

_MVE_BLOCK = "CH_IN_BLOCK_MVE"  # channels the MVE variant works on at a time
_LARGEST_INT16 = 2**15 - 1
_FAST_TAPS = 512  # the int16 variant adds up this many in 32 bits


def extents_fit_int16(request: Request) -> bool:
    """No extent of input, output, window or padding exceeds 32767."""
    op = request.op
    assert isinstance(op, DepthwiseConv2D)  # noqa: S101 - the registry guarantees it
    shapes = (*request.signature.inputs[0].shape, *request.signature.output.shape)
    padded = [
        extent + before + after
        for extent, before, after in zip(
            request.signature.inputs[0].shape[1:3],
            op.window.pads[::2],
            op.window.pads[1::2],
            strict=True,
        )
    ]
    return max(*shapes, *padded) <= _LARGEST_INT16


@kernel(
    "cmsis_nn",
    DepthwiseConv2D,
    requires=(int8_data, constant_weights, symmetric_weights, extents_fit_int16),
)
def depthwise_conv_s8(ctx: OfferContext) -> Call:
    window, signature = _depthwise(ctx.request).window, ctx.signature
    outputs = signature.output.shape[3]
    chosen = variant(window, signature, ctx.cpu, mve_block(ctx))
    return _call(ctx, chosen, structs.bias(ctx, outputs))


_REQUIRES_INT16 = (
    int16_data,
    constant_weights,
    symmetric_weights,
    extents_fit_int16,
    wide_bias,
    sums_fit,
    outputs_fit,
)


@kernel("cmsis_nn", DepthwiseConv2D, requires=_REQUIRES_INT16)
def depthwise_conv_s16(ctx: OfferContext) -> Call:
    return _call(ctx, variant_s16(ctx.request), ctx.input(2))


def _depthwise(request: Request) -> DepthwiseConv2D:
    assert isinstance(request.op, DepthwiseConv2D)  # noqa: S101 - the registry guarantees it
    return request.op


def _call(ctx: OfferContext, chosen: tuple[str, int], bias: Bias) -> Call:
    return convolution(ctx, chosen, params(_depthwise(ctx.request), ctx.signature), bias)


def params(op: DepthwiseConv2D, signature: Signature) -> Struct:
    """Return ``cmsis_nn_dw_conv_params``."""
    x, y = signature.inputs[0], signature.output
    return Struct(
        "cmsis_nn_dw_conv_params",
        {
            "input_offset": Scalar(-x.quantization.zero_point),
            "output_offset": Scalar(y.quantization.zero_point),
            "ch_mult": Scalar(y.shape[3] // x.shape[3]),
            **structs.window_fields(op.window),
            "activation": structs.activation(op.activation, y),
        },
    )


def mve_block(ctx: OfferContext) -> int:
    """Return how many channels the MVE variant of the linked version works on at a time.

    0 on other cores, which have no such variant.
    """
    if ctx.cpu.isa != "mve":
        return 0
    found = linked(ctx).number(_MVE_BLOCK)
    if found is None:
        message = f"CMSIS-NN defines {_MVE_BLOCK} ({linked(ctx).revision} does not)"
        raise NotOfferedError(message)
    return found


def variant(window: Window, signature: Signature, cpu: CpuCore, mve_block: int) -> tuple[str, int]:
    """Return the function and its scratch bytes on ``cpu``.

    arm_depthwise_conv_wrapper_s8's choice, but where that one would read beside the image.
    """
    x, y = signature.inputs[0], signature.output
    generic = "arm_depthwise_conv_s8", 0
    if x.shape[0] != 1 or x.shape[3] != y.shape[3] or window.dilations != (1, 1):
        return generic
    taps = window.kernel[0] * window.kernel[1]
    if cpu.isa == "mve":
        return "arm_depthwise_conv_s8_opt", 4 * mve_block * taps
    if _three_by_three(window, x.shape[2], y.shape[2]):
        return "arm_depthwise_conv_3x3_s8", 0
    if cpu.isa == "dsp" and _rows_touch(window, x.shape[1], y.shape[1]):
        return "arm_depthwise_conv_s8_opt", 2 * taps * x.shape[3]
    return generic


def variant_s16(request: Request) -> tuple[str, int]:
    """Return the function and its scratch bytes.

    arm_depthwise_conv_wrapper_s16's choice, but where that one would read beside the image (a
    window without a row in it) or beside the weights (MVE: channels in fours).
    """
    window, x, y = _depthwise(request).window, *_ends(request)
    taps = window.kernel[0] * window.kernel[1]
    alike = x.shape[3] == y.shape[3] and window.dilations == (1, 1) and taps < _FAST_TAPS
    if request.cpu.isa == "mve" and alike and x.shape[3] % 4 == 0:
        return "arm_depthwise_conv_fast_s16", 4 * 2 * taps * x.shape[3] + 8
    if request.cpu.isa == "dsp" and alike and _rows_touch(window, x.shape[1], y.shape[1]):
        return "arm_depthwise_conv_fast_s16", 2 * taps * x.shape[3]
    return "arm_depthwise_conv_s16", 0


def _ends(request: Request) -> tuple[TensorType, TensorType]:
    return request.signature.inputs[0], request.signature.output


def _three_by_three(window: Window, width: int, columns: int) -> bool:
    """Tell whether the 3x3 variant is right: the middle column of each window is in the image."""
    top, _, left, _ = window.pads
    last_middle = (columns - 1) * window.strides[1] - left + 1
    return window.kernel == (3, 3) and top <= 1 and left <= 1 and last_middle < width


def _rows_touch(window: Window, height: int, rows: int) -> bool:
    """Tell whether each window has a row in the image, as the DSP variant's buffer demands."""
    top = window.pads[0]
    return top < window.kernel[0] and (rows - 1) * window.strides[0] - top < height
