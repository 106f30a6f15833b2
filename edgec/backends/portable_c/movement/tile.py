"""Tile in plain C: a strided copy that walks repeated axes with step 0, any element type."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.movement.loops import Walk, element_strides, shortest_walk
from edgec.backends.portable_c.movement.strided_copy import fits, strided_copy
from edgec.backends.request import Request
from edgec.ops.movement.tile import Tile
from edgec.program import Call


def few_repeated_axes(request: Request) -> bool:
    """At most six loops remain: one for each repeat, one for each run of axes in between."""
    return fits(_walk(request))


def _walk(request: Request) -> Walk:
    op, shape = request.op, request.signature.inputs[0].shape
    assert isinstance(op, Tile)  # noqa: S101 - the registry guarantees it
    axes = zip(op.repeats, shape, element_strides(shape), strict=True)
    loops = [loop for repeat, extent, step in axes for loop in ((repeat, 0), (extent, step))]
    return shortest_walk([extent for extent, _ in loops], [step for _, step in loops])


@kernel("portable_c", Tile, requires=(few_repeated_axes,))
def tile(ctx: OfferContext) -> Call:
    return strided_copy(ctx, _walk(ctx.request))
