"""Rows divided by their length, in plain C."""

from edgec.backends.constraints import int8_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ops.layers.l2_normalization import L2Normalization
from edgec.program import Call, Scalar

_LONGEST_ROW = 33025  # (2**31 - 1) / 255**2


def length_output(request: Request) -> bool:
    """The output has scale 1/128 and zero point 0."""
    q = request.signature.output.quantization
    return (q.scale, q.zero_point) == L2Normalization.fixed_output


def row_fits_square(request: Request) -> bool:
    """Rows have at most 33025 elements (the sum of their squares must fit 32 bits)."""
    return request.signature.output.shape[-1] <= _LONGEST_ROW


@kernel("portable_c", L2Normalization, requires=(int8_inputs, length_output, row_fits_square))
def l2_normalization_s8(ctx: OfferContext) -> Call:
    op, x = ctx.request.op, ctx.signature.inputs[0]
    assert isinstance(op, L2Normalization)  # noqa: S101 - the registry guarantees it
    size, zero = x.shape[-1], x.quantization.zero_point
    numbers = [x.elements // size, size, zero, op.bits_before]
    scalars = [Scalar(number) for number in numbers]
    return Call("edgec_l2_normalization_s8", [ctx.input(0), *scalars, ctx.output()])
