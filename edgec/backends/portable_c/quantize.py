"""Quantization in plain C: floats to int8, and int8 to int8 of another scale."""

from edgec.backends.base import LoweringContext, Request, kernel
from edgec.backends.constraints import int8_inputs
from edgec.backends.portable_c import structs
from edgec.ir import DType
from edgec.lir import Call, Scalar
from edgec.ops.quantize import Quantize, rescale_factor


def float_to_int8(request: Request) -> bool:
    """The input is float32, the output int8."""
    kinds = request.signature.inputs[0].dtype, request.signature.output.dtype
    return kinds == (DType.FLOAT32, DType.INT8)


@kernel("portable_c", Quantize, requires=(float_to_int8,))
def quantize_f32_s8(ctx: LoweringContext) -> Call:
    y = ctx.signature.output
    scale, zero_point = Scalar(y.quantization.scale, "float"), Scalar(y.quantization.zero_point)
    args = [ctx.input(0), Scalar(y.elements), scale, zero_point, ctx.output()]
    return Call("edgec_quantize_f32_s8", args)


@kernel("portable_c", Quantize, requires=(int8_inputs,))
def requantize_s8(ctx: LoweringContext) -> Call:
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
