"""Squared difference in plain C, with broadcasting."""

from edgec.backends.base import LoweringContext, kernel
from edgec.backends.constraints import int8_inputs
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.axes import few_loops
from edgec.backends.portable_c.broadcasting import elementwise_call
from edgec.lir import Call, Scalar, Struct
from edgec.ops.base import Activation
from edgec.ops.squared_difference import SquaredDifference, square_factors


@kernel("portable_c", SquaredDifference, requires=(int8_inputs, few_loops))
def squared_difference_s8(ctx: LoweringContext) -> Call:
    (a, b), y = ctx.signature.inputs, ctx.signature.output
    factor_a, factor_b, factor_output = square_factors(ctx.signature)
    how = Struct(
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
    return elementwise_call(ctx, "edgec_squared_difference_s8", how)
