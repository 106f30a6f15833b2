"""Addition by CMSIS-NN."""

from edgec.backends.cmsis_nn.arguments import positional
from edgec.backends.cmsis_nn.elementwise import equal_shapes
from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.ops.elementwise.add import Add, left_shift, sum_factors
from edgec.ops.numerics.fixed_point import quantize_multiplier
from edgec.program import Call, Scalar


@kernel("cmsis_nn", Add, requires=(int8_inputs, equal_shapes))
def elementwise_add_s8(ctx: OfferContext) -> Call:
    return _call("arm_elementwise_add_s8", ctx)


@kernel("cmsis_nn", Add, requires=(int16_inputs, equal_shapes))
def elementwise_add_s16(ctx: OfferContext) -> Call:
    return _call("arm_elementwise_add_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op, (a, b), y = ctx.request.op, ctx.signature.inputs, ctx.signature.output
    assert isinstance(op, Add)  # noqa: S101 - the registry guarantees it
    scale_a, scale_b, scale_y = map(quantize_multiplier, sum_factors(ctx.signature))
    numbers = [
        *(-a.quantization.zero_point, *scale_a),
        *(-b.quantization.zero_point, *scale_b),
        left_shift(y),
    ]
    tail = [
        *(y.quantization.zero_point, *scale_y),
        *op.activation.quantized_bounds(y),
        y.elements,
    ]
    return Call(
        function,
        positional(
            ctx,
            function,
            [ctx.input(0), ctx.input(1), *map(Scalar, numbers), ctx.output(), *map(Scalar, tail)],
        ),
        returns_status=True,
    )
