"""Addition and subtraction in plain C, with broadcasting: one kernel, the sign is an argument."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.movement.loops import broadcast_loops, few_loops, loop_dims
from edgec.ops.elementwise.add import Add, sum_factors
from edgec.ops.elementwise.sub import Sub
from edgec.ops.operator import Activation
from edgec.program import Call, Scalar, Struct


@kernel("portable_c", Add, requires=(int8_inputs, few_loops))
def add_s8(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Add)  # noqa: S101 - the registry guarantees it
    return _call("edgec_add_s8", ctx, op.activation, 1)


@kernel("portable_c", Add, requires=(int16_inputs, few_loops))
def add_s16(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Add)  # noqa: S101 - the registry guarantees it
    return _call("edgec_add_s16", ctx, op.activation, 1)


@kernel("portable_c", Sub, requires=(int8_inputs, few_loops))
def sub_s8(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Sub)  # noqa: S101 - the registry guarantees it
    return _call("edgec_add_s8", ctx, op.activation, -1)


@kernel("portable_c", Sub, requires=(int16_inputs, few_loops))
def sub_s16(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Sub)  # noqa: S101 - the registry guarantees it
    return _call("edgec_add_s16", ctx, op.activation, -1)


def _call(function: str, ctx: OfferContext, activation: Activation, sign: int) -> Call:
    a, b = ctx.signature.inputs
    loops = broadcast_loops(ctx.signature.output.shape, [a.shape, b.shape])
    return Call(
        function,
        [
            loop_dims(loops.extents, 1),
            loop_dims(loops.steps[0], 0),
            ctx.input(0),
            loop_dims(loops.steps[1], 0),
            ctx.input(1),
            _quantization(ctx, activation, sign),
            ctx.output(),
        ],
    )


def _quantization(ctx: OfferContext, activation: Activation, sign: int) -> Struct:
    """Return ``edgec_sum_t``."""
    (a, b), y = ctx.signature.inputs, ctx.signature.output
    factor_a, factor_b, factor_output = sum_factors(ctx.signature)
    return Struct(
        "edgec_sum_t",
        {
            "offset_a": Scalar(-a.quantization.zero_point),
            "offset_b": Scalar(-b.quantization.zero_point),
            "sign": Scalar(sign),
            "scale_a": structs.scale(factor_a),
            "scale_b": structs.scale(factor_b),
            "scale_output": structs.scale(factor_output),
            "offset_output": Scalar(y.quantization.zero_point),
            "clamp": structs.clamp(activation, y),
        },
    )
