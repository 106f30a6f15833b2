"""Gather at run time in plain C: blocks of any element type."""

from math import prod

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.ops.numbers.gather_rows import GatherRows
from edgec.program import Call, Scalar


@kernel("portable_c", GatherRows)
def gather_rows(ctx: OfferContext) -> Call:
    op, (x, indices) = ctx.request.op, ctx.signature.inputs
    assert isinstance(op, GatherRows)  # noqa: S101 - the registry guarantees it
    batch = op.batch_dims
    return Call(
        "edgec_gather_rows",
        [
            Scalar(prod(x.shape[:batch])),
            Scalar(prod(x.shape[batch : op.axis])),
            Scalar(x.shape[op.axis]),
            Scalar(prod(x.shape[op.axis + 1 :]) * x.dtype.bytes),
            ctx.input(0),
            Scalar(prod(indices.shape[batch:])),
            ctx.input(1),
            Scalar(int(op.wraps)),
            ctx.output(),
        ],
    )
