"""Softmax of int8 by a table of exponentials, which the build computes for the scale."""

from functools import partial

import numpy as np

from edgec.backends.constraints import int8_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ir import Array
from edgec.ops.activations.softmax import Softmax
from edgec.ops.numerics.fixed_point import doubling_high_multiply, wrap_int32
from edgec.ops.numerics.fixed_point_exp import exp_of_negative
from edgec.program import Call, Scalar

_LONGEST_ROW = 4096
_HALF = 1 << 11  # added ahead: sums take exponentials in Q12.19, rounded


def standard_output(request: Request) -> bool:
    """The output has scale 1/256 and zero point -128."""
    q = request.signature.output.quantization
    return (q.scale, q.zero_point) == Softmax.fixed_output


def row_fits_sum(request: Request) -> bool:
    """Rows have at most 4096 elements (their sum must fit 32 bits)."""
    return request.signature.output.shape[-1] <= _LONGEST_ROW


def rows(request: Request) -> int:
    """Return the rows: each is a softmax of its own."""
    x = request.signature.inputs[0]
    return x.elements // x.shape[-1]


@kernel("edgec", Softmax, requires=(int8_inputs, standard_output, row_fits_sum), rows=rows)
def softmax_table_s8(ctx: OfferContext) -> Call:
    """Return the call; a row is written, ascending, after all of it was read: in place is fine."""
    op, x = ctx.request.op, ctx.signature.inputs[0]
    assert isinstance(op, Softmax)  # noqa: S101 - the registry guarantees it
    size = x.shape[-1]
    first = ctx.rows.start * size
    ctx.may_overlap(0)
    return Call(
        "edgec_softmax_table_s8",
        [
            ctx.input(0, first),
            Scalar(len(ctx.rows)),
            Scalar(size),
            ctx.packed("powers", 256 * 4, partial(power_table, *op.rescale(x))),
            ctx.output(offset=first),
        ],
    )


def power_table(multiplier: int, shift: int, smallest: int) -> Array:
    """Return exp of -255, -254, ... 0 steps in Q0.31 plus 2**11, as the reference has them."""
    difference = np.arange(-255, 1)
    scaled = doubling_high_multiply(wrap_int32(difference << shift), multiplier)
    seen = difference >= smallest
    powers = np.where(seen, exp_of_negative(np.where(seen, scaled, 0)), 0)
    return (powers + _HALF).astype(np.uint32)
