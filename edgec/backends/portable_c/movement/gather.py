"""Gather and nearest-neighbor resizing in plain C: tables of byte offsets, any element type."""

from collections.abc import Sequence
from math import prod

import numpy as np

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.ops.movement.gather import Gather
from edgec.ops.movement.resize_nearest import ResizeNearest
from edgec.program import Call, ConstantRef, Scalar


@kernel("portable_c", Gather)
def gather(ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, Gather)  # noqa: S101 - the registry guarantees it
    outer, block = prod(shape[: op.axis]), prod(shape[op.axis + 1 :])
    return _call(ctx, (outer, (0,), op.indices), (shape[op.axis] * block, 0, block))


@kernel("portable_c", ResizeNearest)
def resize_nearest(ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, ResizeNearest)  # noqa: S101 - the registry guarantees it
    n, h, w, c = shape
    return _call(ctx, (n, op.rows, op.columns), (h * w * c, w * c, c))


def _call(
    ctx: OfferContext,
    places: tuple[int, Sequence[int], Sequence[int]],
    steps: tuple[int, int, int],
) -> Call:
    """Return the call for (repeats, rows, columns) and what one of each steps, in elements."""
    size = ctx.signature.output.dtype.bytes
    (outer, rows, columns), (outer_step, row_step, column_step) = places, steps
    return Call(
        "edgec_gather",
        [
            Scalar(outer),
            Scalar(outer_step * size),
            Scalar(len(rows)),
            _offsets(ctx, "rows", rows, row_step * size),
            Scalar(len(columns)),
            _offsets(ctx, "columns", columns, column_step * size),
            Scalar(column_step * size),
            ctx.input(0),
            ctx.output(),
        ],
    )


def _offsets(ctx: OfferContext, name: str, places: Sequence[int], step: int) -> ConstantRef:
    return ctx.table(name, np.array(places, np.int32) * np.int32(step))
