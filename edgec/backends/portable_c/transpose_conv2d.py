"""Transposed convolution in plain C: any stride, crop and output size."""

from edgec.backends.base import LoweringContext, kernel
from edgec.backends.constraints import constant_weights, int8_data, symmetric_weights
from edgec.backends.portable_c import structs
from edgec.lir import Call, Scalar
from edgec.ops.conv2d import conv_factors
from edgec.ops.fixed_point import quantize_multipliers
from edgec.ops.transpose_conv2d import TransposeConv2D
from edgec.ops.windows import Window


@kernel("portable_c", TransposeConv2D, requires=(int8_data, constant_weights, symmetric_weights))
def transpose_conv2d_s8(ctx: LoweringContext) -> Call:
    op, signature = ctx.request.op, ctx.signature
    assert isinstance(op, TransposeConv2D)  # noqa: S101 - the registry guarantees it
    multipliers, shifts = quantize_multipliers(conv_factors(signature))
    x, weights, y = signature.inputs[0], signature.inputs[1], signature.output
    top, left = op.crop
    kernel_size = (weights.shape[1], weights.shape[2])
    return Call(
        "edgec_transpose_conv2d_s8",
        [
            structs.dims(x.shape),
            ctx.input(0),
            structs.dims(weights.shape),
            ctx.input(1),
            ctx.optional_input(2),
            structs.window(Window(kernel_size, op.strides, pads=(top, 0, left, 0))),
            ctx.table("multipliers", multipliers),
            ctx.table("shifts", shifts),
            Scalar(-x.quantization.zero_point),
            Scalar(y.quantization.zero_point),
            structs.clamp(op.activation, y),
            structs.dims(y.shape),
            ctx.output(),
        ],
    )
