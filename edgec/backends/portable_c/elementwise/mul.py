"""Multiplication in plain C, with broadcasting."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.movement.loops import broadcast_loops, few_loops, loop_dims
from edgec.ops.elementwise.mul import Mul, product_factor
from edgec.program import Call, Scalar, Struct


@kernel("portable_c", Mul, requires=(int8_inputs, few_loops))
def mul_s8(ctx: OfferContext) -> Call:
    return _call("edgec_mul_s8", ctx)


@kernel("portable_c", Mul, requires=(int16_inputs, few_loops))
def mul_s16(ctx: OfferContext) -> Call:
    return _call("edgec_mul_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
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
            _quantization(ctx),
            ctx.output(),
        ],
    )


def _quantization(ctx: OfferContext) -> Struct:
    """Return ``edgec_product_t``."""
    op, (a, b), y = ctx.request.op, ctx.signature.inputs, ctx.signature.output
    assert isinstance(op, Mul)  # noqa: S101 - the registry guarantees it
    return Struct(
        "edgec_product_t",
        {
            "offset_a": Scalar(-a.quantization.zero_point),
            "offset_b": Scalar(-b.quantization.zero_point),
            "scale": structs.scale(product_factor(ctx.signature)),
            "offset_output": Scalar(y.quantization.zero_point),
            "clamp": structs.clamp(op.activation, y),
        },
    )
