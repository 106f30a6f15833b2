"""Squared difference in plain C, with broadcasting."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.elementwise.broadcasting import elementwise_call
from edgec.backends.portable_c.movement.loops import few_loops
from edgec.ops.elementwise.add import sum_factors
from edgec.ops.elementwise.mul import product_factor
from edgec.ops.elementwise.squared_difference import SquaredDifference, in_parts, square_factors
from edgec.ops.operator import Activation
from edgec.program import Call, Scalar, Struct


@kernel("portable_c", SquaredDifference, requires=(int8_inputs, few_loops))
def squared_difference_s8(ctx: OfferContext) -> Call:
    how = _difference(ctx, square_factors(ctx.signature))
    return elementwise_call(ctx, "edgec_squared_difference_s8", how)


@kernel("portable_c", SquaredDifference, requires=(int16_inputs, few_loops))
def squared_difference_s16(ctx: OfferContext) -> Call:
    between, squared = in_parts(ctx.signature)
    how, square = _difference(ctx, sum_factors(between)), structs.scale(product_factor(squared))
    return elementwise_call(ctx, "edgec_squared_difference_s16", how, square)


def _difference(ctx: OfferContext, factors: tuple[float, float, float]) -> Struct:
    """Return ``edgec_sum_t``; ``factors`` are those of both inputs and of the result."""
    (a, b), y = ctx.signature.inputs, ctx.signature.output
    factor_a, factor_b, factor_output = factors
    return Struct(
        "edgec_sum_t",
        {
            "offset_a": Scalar(-a.quantization.zero_point),
            "offset_b": Scalar(-b.quantization.zero_point),
            "sign": Scalar(-1),
            "scale_a": structs.scale(factor_a),
            "scale_b": structs.scale(factor_b),
            "scale_output": structs.scale(factor_output),
            "offset_output": Scalar(y.quantization.zero_point),
            "clamp": structs.clamp(Activation.NONE, y),
        },
    )
