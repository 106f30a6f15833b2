"""Distances and neighbours in plain C: integers of 64 bits, floats made of integers."""

from math import prod

import numpy as np

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.classical.tree_ensemble import constant_tables
from edgec.backends.request import Request
from edgec.ops.classical.nearest import Distances, Nearest
from edgec.ops.classical.neighbor_mean import NeighborMean
from edgec.ops.numerics.float_bits import bits_of
from edgec.program import Call, Null, Scalar


def constant_values(request: Request) -> bool:
    """What points are worth is a constant."""
    return request.is_constant(2)


@kernel("portable_c", Distances, requires=(constant_tables,))
def distances_s32(ctx: OfferContext) -> Call:
    op, (x, points) = ctx.request.op, ctx.signature.inputs
    assert isinstance(op, Distances)  # noqa: S101 - the registry guarantees it
    return Call(
        "edgec_distances_s32",
        [
            ctx.input(0),
            Scalar(prod(x.shape[:-1])),
            Scalar(x.shape[-1]),
            ctx.input(1),
            Scalar(points.shape[0]),
            Scalar(op.fraction),
            Scalar(1 if op.city else 2 if op.squared else 0),
            ctx.output(),
        ],
    )


@kernel("portable_c", Nearest, requires=(constant_tables,))
def nearest_s32(ctx: OfferContext) -> Call:
    op, (x, points) = ctx.request.op, ctx.signature.inputs
    assert isinstance(op, Nearest)  # noqa: S101 - the registry guarantees it
    return Call(
        "edgec_nearest_s32",
        [
            ctx.input(0),
            Scalar(prod(x.shape[:-1])),
            Scalar(x.shape[-1]),
            ctx.input(1),
            Scalar(points.shape[0]),
            Scalar(op.count),
            Scalar(op.fraction),
            Scalar(int(op.city)),
            ctx.scratch_buffer(8 * op.count),
            ctx.output(0),
            ctx.output(1),
        ],
    )


@kernel("portable_c", NeighborMean, requires=(constant_values,))
def neighbor_mean_f32(ctx: OfferContext) -> Call:
    op, (places, *_) = ctx.request.op, ctx.signature.inputs
    assert isinstance(op, NeighborMean)  # noqa: S101 - the registry guarantees it
    return Call(
        "edgec_neighbor_mean_f32",
        [
            ctx.input(0),
            ctx.input(1),
            Scalar(prod(places.shape[:-1])),
            Scalar(places.shape[-1]),
            ctx.input(2) if op.classes else Null(),
            Null() if op.classes else ctx.input(2),
            Scalar(ctx.signature.output.shape[-1]),
            Scalar(int(bits_of(np.array([op.least], np.float32))[0])),
            ctx.output(),
        ],
    )
