"""Quantization in plain C: floats to integers, and integers to those of another scale or width."""

import numpy as np

from edgec.backends.constraints import int8_inputs, int16_inputs, is_int16
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.activations.rectify import rectify
from edgec.backends.request import Request
from edgec.ir import DType, Signature
from edgec.ops.conversion.quantize import Quantize, is_shift, rescale_factor
from edgec.ops.operator import Activation
from edgec.program import Call, Scalar


def float_to_int8(request: Request) -> bool:
    """The input is float32, the output int8."""
    kinds = request.signature.inputs[0].dtype, request.signature.output.dtype
    return kinds == (DType.FLOAT32, DType.INT8)


def float_to_int16(request: Request) -> bool:
    """The input is float32, the output int16 with zero point 0."""
    x, y = request.signature.inputs[0], request.signature.output
    return x.dtype is DType.FLOAT32 and is_int16(y)


def int16_to_int8(request: Request) -> bool:
    """The input is int16 with zero point 0, the output int8."""
    x, y = request.signature.inputs[0], request.signature.output
    return is_int16(x) and y.dtype is DType.INT8


def int8_to_int16(request: Request) -> bool:
    """The input is int8, the output int16 with zero point 0."""
    x, y = request.signature.inputs[0], request.signature.output
    return x.dtype is DType.INT8 and is_int16(y)


@kernel("portable_c", Quantize, requires=(float_to_int8,))
def quantize_f32_s8(ctx: OfferContext) -> Call:
    y = ctx.signature.output
    scale, zero_point = Scalar(y.quantization.scale, "float"), Scalar(y.quantization.zero_point)
    args = [ctx.input(0), Scalar(y.elements), scale, zero_point, ctx.output()]
    return Call("edgec_quantize_f32_s8", args)


@kernel("portable_c", Quantize, requires=(int8_inputs,))
def requantize_s8(ctx: OfferContext) -> Call:
    return _rescaled(ctx, "edgec_requantize_s8")


def _rescaled(ctx: OfferContext, function: str) -> Call:
    """Return a call that turns integers into those of another scale and zero point."""
    x, y = ctx.signature.inputs[0], ctx.signature.output
    return Call(
        function,
        [
            ctx.input(0),
            Scalar(y.elements),
            Scalar(-x.quantization.zero_point),
            structs.scale(rescale_factor(x, y)),
            Scalar(y.quantization.zero_point),
            ctx.output(),
        ],
    )


@kernel("portable_c", Quantize, requires=(float_to_int16,))
def quantize_f32_s16(ctx: OfferContext) -> Call:
    y = ctx.signature.output
    scale, zero_point = Scalar(y.quantization.scale, "float"), Scalar(y.quantization.zero_point)
    args = [ctx.input(0), Scalar(y.elements), scale, zero_point, ctx.output()]
    return Call("edgec_quantize_f32_s16", args)


@kernel("portable_c", Quantize, requires=(int16_inputs,))
def requantize_s16(ctx: OfferContext) -> Call:
    factor = rescale_factor(ctx.signature.inputs[0], ctx.signature.output)
    return rectify(ctx, factor, factor, Activation.NONE.quantized_bounds(ctx.signature.output))


@kernel("portable_c", Quantize, requires=(int16_to_int8,))
def requantize_s16_s8(ctx: OfferContext) -> Call:
    x, y = ctx.signature.inputs[0], ctx.signature.output
    scale, offset = structs.scale(rescale_factor(x, y)), Scalar(y.quantization.zero_point)
    args = [ctx.input(0), Scalar(y.elements), scale, offset, ctx.output()]
    return Call("edgec_requantize_s16_s8", args)


@kernel("portable_c", Quantize, requires=(int8_to_int16,))
def requantize_s8_s16(ctx: OfferContext) -> Call:
    op, x, y = ctx.request.op, ctx.signature.inputs[0], ctx.signature.output
    every = np.arange(-128, 128).astype(np.int8)
    kinds = Signature((x.with_shape(every.shape),), (y.with_shape(every.shape),))
    (results,) = op.evaluate([every], kinds)
    args = [ctx.table("table", results), ctx.input(0), Scalar(y.elements), ctx.output()]
    return Call("edgec_lut_s8_s16", args)


_DOOR_KERNELS = {  # the types of input and output, at the door
    (DType.UINT8, DType.INT8): "edgec_requantize_u8_s8",
    (DType.INT8, DType.UINT8): "edgec_requantize_s8_u8",
    (DType.UINT8, DType.UINT8): "edgec_requantize_u8",
    (DType.INT16, DType.INT32): "edgec_requantize_s16_s32",
    (DType.INT32, DType.INT8): "edgec_requantize_s32_s8",
    (DType.INT32, DType.INT16): "edgec_requantize_s32_s16",
}


def shifts_by_128(request: Request) -> bool:
    """It is uint8 to int8 or back, of the same scale and zero points that are 128 apart."""
    return is_shift(request.signature.inputs[0], request.signature.output)


def integers_at_the_door(request: Request) -> bool:
    """The types are a pair of uint8, int8, int16 and int32 that TFLite's QUANTIZE takes."""
    x, y = request.signature.inputs[0], request.signature.output
    return (x.dtype, y.dtype) in _DOOR_KERNELS


@kernel("portable_c", Quantize, requires=(shifts_by_128,))
def shift_128(ctx: OfferContext) -> Call:
    ctx.may_overlap(0)
    size = Scalar(ctx.signature.output.elements)
    return Call("edgec_shift_128", [ctx.input(0), size, ctx.output()])


@kernel("portable_c", Quantize, requires=(integers_at_the_door,))
def requantize_at_the_door(ctx: OfferContext) -> Call:
    x, y = ctx.signature.inputs[0], ctx.signature.output
    if y.dtype.bytes == 1:
        ctx.may_overlap(0)
    return _rescaled(ctx, _DOOR_KERNELS[x.dtype, y.dtype])
