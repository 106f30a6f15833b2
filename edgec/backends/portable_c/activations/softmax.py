"""Softmax in plain C."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ops.activations.softmax import Softmax, exp_table, reciprocal_table
from edgec.program import Call, Scalar

_LONGEST_ROW = 4096
_LONGEST_INT16_ROW = 65536


def standard_output(request: Request) -> bool:
    """The output has scale 1/256 and zero point -128; int16: 1/32768 and 0."""
    y = request.signature.output
    return y.qparams == Softmax().prescribed(y.dtype)


def row_fits_sum(request: Request) -> bool:
    """Rows have at most 4096 elements (their sum must fit 32 bits)."""
    return request.signature.output.shape[-1] <= _LONGEST_ROW


def int16_row_fits_sum(request: Request) -> bool:
    """Rows have at most 65536 elements (their sum must fit 31 bits)."""
    return request.signature.output.shape[-1] <= _LONGEST_INT16_ROW


@kernel("portable_c", Softmax, requires=(int8_inputs, standard_output, row_fits_sum))
def softmax_s8(ctx: OfferContext) -> Call:
    op, x = ctx.request.op, ctx.signature.inputs[0]
    assert isinstance(op, Softmax)  # noqa: S101 - the registry guarantees it
    multiplier, shift, smallest = op.rescale(x)
    size = x.shape[-1]
    scale = structs.fixed_point(multiplier, shift)
    rows = Scalar(x.elements // size)
    args = [ctx.input(0), rows, Scalar(size), scale, Scalar(smallest), ctx.output()]
    return Call("edgec_softmax_s8", args)


@kernel("portable_c", Softmax, requires=(int16_inputs, standard_output, int16_row_fits_sum))
def softmax_s16(ctx: OfferContext) -> Call:
    op, x = ctx.request.op, ctx.signature.inputs[0]
    assert isinstance(op, Softmax)  # noqa: S101 - the registry guarantees it
    size = x.shape[-1]
    return Call(
        "edgec_softmax_s16",
        [
            ctx.input(0),
            Scalar(x.elements // size),
            Scalar(size),
            structs.fixed_point(*op.rescale_int16(x)),
            ctx.shared_table("exp_table", exp_table()),
            ctx.shared_table("reciprocal_table", reciprocal_table()),
            ctx.output(),
        ],
    )
