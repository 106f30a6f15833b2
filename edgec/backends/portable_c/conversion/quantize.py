"""Quantization in plain C: floats to integers, and integers to those of another scale or width."""

import numpy as np

from edgec.backends.constraints import int8_inputs, int16_inputs, is_int16
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.activations.rectify import rectify
from edgec.backends.request import Request
from edgec.ir import DType, Signature
from edgec.ops.conversion.quantize import Quantize, rescale_factor
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
    x, y = ctx.signature.inputs[0], ctx.signature.output
    return Call(
        "edgec_requantize_s8",
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
