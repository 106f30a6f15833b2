"""Rectifier with slopes in plain C, with broadcasting."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.elementwise.broadcasting import elementwise_call
from edgec.backends.portable_c.movement.loops import few_loops
from edgec.ops.activations.prelu import Prelu, slope_factors
from edgec.ops.operator import Activation
from edgec.program import Call, Scalar, Struct


@kernel("portable_c", Prelu, requires=(int8_inputs, few_loops))
def prelu_s8(ctx: OfferContext) -> Call:
    return _call("edgec_prelu_s8", ctx)


@kernel("portable_c", Prelu, requires=(int16_inputs, few_loops))
def prelu_s16(ctx: OfferContext) -> Call:
    return _call("edgec_prelu_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    (x, slope), y = ctx.signature.inputs, ctx.signature.output
    above, below = slope_factors(ctx.signature)
    how = Struct(
        "edgec_product_t",
        {
            "offset_a": Scalar(-x.quantization.zero_point),
            "offset_b": Scalar(-slope.quantization.zero_point),
            "scale": structs.scale(below),
            "offset_output": Scalar(y.quantization.zero_point),
            "clamp": structs.clamp(Activation.NONE, y),
        },
    )
    return elementwise_call(ctx, function, how, structs.scale(above))
