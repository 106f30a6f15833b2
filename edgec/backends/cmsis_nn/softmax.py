"""Softmax by CMSIS-NN."""

from edgec.backends.cmsis_nn.arguments import positional
from edgec.backends.constraints import int8_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ops.activations.softmax import Softmax
from edgec.program import Call, Scalar

_SHIFT_OVERFLOWS_AT = 512


def standard_output(request: Request) -> bool:
    """The output has scale 1/256 and zero point -128."""
    q = request.signature.output.quantization
    return (q.scale, q.zero_point) == Softmax.fixed_output


def short_row(request: Request) -> bool:
    """Rows have fewer than 512 elements (a flat one would shift by more than 31 bits)."""
    return request.signature.output.shape[-1] < _SHIFT_OVERFLOWS_AT


@kernel("cmsis_nn", Softmax, requires=(int8_inputs, standard_output, short_row))
def softmax_s8(ctx: OfferContext) -> Call:
    op, x = ctx.request.op, ctx.signature.inputs[0]
    assert isinstance(op, Softmax)  # noqa: S101 - the registry guarantees it
    size = x.shape[-1]
    numbers = [x.elements // size, size, *op.rescale(x)]
    return Call(
        "arm_softmax_s8",
        positional(ctx, "arm_softmax_s8", [ctx.input(0), *map(Scalar, numbers), ctx.output()]),
    )
