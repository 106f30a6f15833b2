"""Multiplication by CMSIS-NN."""

from edgec.backends.cmsis_nn.arguments import positional
from edgec.backends.cmsis_nn.elementwise import equal_shapes
from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.ops.elementwise.mul import Mul, product_factor
from edgec.ops.numerics.fixed_point import quantize_multiplier
from edgec.program import Call, Scalar


@kernel("cmsis_nn", Mul, requires=(int8_inputs, equal_shapes))
def elementwise_mul_s8(ctx: OfferContext) -> Call:
    return _call("arm_elementwise_mul_s8", ctx)


@kernel("cmsis_nn", Mul, requires=(int16_inputs, equal_shapes))
def elementwise_mul_s16(ctx: OfferContext) -> Call:
    return _call("arm_elementwise_mul_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op, (a, b), y = ctx.request.op, ctx.signature.inputs, ctx.signature.output
    assert isinstance(op, Mul)  # noqa: S101 - the registry guarantees it
    offsets = [Scalar(-a.quantization.zero_point), Scalar(-b.quantization.zero_point)]
    tail = [
        y.quantization.zero_point,
        *quantize_multiplier(product_factor(ctx.signature)),
        *op.activation.quantized_bounds(y),
        y.elements,
    ]
    return Call(
        function,
        positional(
            ctx, function, [ctx.input(0), ctx.input(1), *offsets, ctx.output(), *map(Scalar, tail)]
        ),
        returns_status=True,
    )
