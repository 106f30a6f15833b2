"""Dequantization in plain C."""

from edgec.backends.constraints import is_int16
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.conversion.dequantize import Dequantize
from edgec.program import Call, Scalar


def int8_per_tensor(request: Request) -> bool:
    """The input is int8 with one scale."""
    x = request.signature.inputs[0]
    return x.dtype is DType.INT8 and len(x.quantization.scales) == 1


@kernel("portable_c", Dequantize, requires=(int8_per_tensor,))
def dequantize_s8_f32(ctx: OfferContext) -> Call:
    return _affine(ctx, "edgec_dequantize_s8_f32")


def numbers_in_int32(request: Request) -> bool:
    """The input is int32 with scale 1 and zero point 0."""
    x = request.signature.inputs[0]
    itself = x.qparams is not None and (x.qparams.scale, x.qparams.zero_point) == (1.0, 0)
    return x.dtype is DType.INT32 and itself


@kernel("portable_c", Dequantize, requires=(numbers_in_int32,))
def dequantize_s32_f32(ctx: OfferContext) -> Call:
    args = [ctx.input(0), Scalar(ctx.signature.output.elements), ctx.output()]
    return Call("edgec_int32_to_f32", args)


def int16_input(request: Request) -> bool:
    """The input is int16 with zero point 0."""
    return is_int16(request.signature.inputs[0])


def uint8_input(request: Request) -> bool:
    """The input is uint8 with one scale."""
    x = request.signature.inputs[0]
    return x.dtype is DType.UINT8 and len(x.quantization.scales) == 1


@kernel("portable_c", Dequantize, requires=(uint8_input,))
def dequantize_u8_f32(ctx: OfferContext) -> Call:
    return _affine(ctx, "edgec_dequantize_u8_f32")


@kernel("portable_c", Dequantize, requires=(int16_input,))
def dequantize_s16_f32(ctx: OfferContext) -> Call:
    return _affine(ctx, "edgec_dequantize_s16_f32")


def _affine(ctx: OfferContext, function: str) -> Call:
    x = ctx.signature.inputs[0]
    scale, zero_point = Scalar(x.quantization.scale, "float"), Scalar(x.quantization.zero_point)
    return Call(function, [ctx.input(0), Scalar(x.elements), scale, zero_point, ctx.output()])
