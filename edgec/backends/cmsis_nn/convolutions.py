"""Calls of CMSIS-NN's convolutions with a scale per output: all of them take the same arguments."""

from edgec.backends.base import LoweringContext
from edgec.backends.cmsis_nn import structs
from edgec.lir import ArenaRef, Call, ConstantRef, Struct
from edgec.ops.layers.conv2d import conv_factors
from edgec.ops.numerics.fixed_point import quantize_multipliers

Bias = ArenaRef | ConstantRef


def convolution(ctx: LoweringContext, chosen: tuple[str, int], params: Struct, bias: Bias) -> Call:
    """Return the call of a function and its scratch bytes, both ``chosen``."""
    signature = ctx.signature
    multipliers, shifts = quantize_multipliers(conv_factors(signature))
    x, weights, y = signature.inputs[0], signature.inputs[1], signature.output
    function, scratch = chosen
    return Call(
        function,
        [
            structs.context(ctx, scratch),
            params,
            structs.per_channel(ctx, multipliers, shifts),
            structs.shape(x.shape),
            ctx.input(0),
            structs.shape(weights.shape),
            ctx.input(1),
            structs.dims(1, 1, 1, y.shape[3]),
            bias,
            structs.shape(y.shape),
            ctx.output(),
        ],
        returns_status=True,
    )
