"""Softmax in plain C."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.activations.softmax import Softmax, exp_table, is_wide_output, reciprocal_table
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


def widened_output(request: Request) -> bool:
    """The input is int8, the output int16 with scale 1/65536 and zero point -32768."""
    x, y = request.signature.inputs[0], request.signature.output
    return (x.dtype, y.dtype) == (DType.INT8, DType.INT16) and is_wide_output(y.qparams)


@kernel("portable_c", Softmax, requires=(int8_inputs, standard_output, row_fits_sum))
def softmax_s8(ctx: OfferContext) -> Call:
    return _fixed_point("edgec_softmax_s8", ctx)


@kernel("portable_c", Softmax, requires=(widened_output, row_fits_sum))
def softmax_s8_s16(ctx: OfferContext) -> Call:
    return _fixed_point("edgec_softmax_s8_s16", ctx)


def _fixed_point(function: str, ctx: OfferContext) -> Call:
    op, x = ctx.request.op, ctx.signature.inputs[0]
    assert isinstance(op, Softmax)  # noqa: S101 - the registry guarantees it
    multiplier, shift, smallest = op.rescale(x)
    size = x.shape[-1]
    scale = structs.fixed_point(multiplier, shift)
    rows = Scalar(x.elements // size)
    args = [ctx.input(0), rows, Scalar(size), scale, Scalar(smallest), ctx.output()]
    return Call(function, args)


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
