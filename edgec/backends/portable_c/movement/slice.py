"""Slice in plain C: any start and step along up to six axes, any element type."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.movement.loops import Walk, element_strides, shortest_walk
from edgec.backends.portable_c.movement.strided_copy import fits, strided_copy
from edgec.backends.request import Request
from edgec.ops.movement.slice import Slice
from edgec.program import Call


def few_sliced_axes(request: Request) -> bool:
    """At most six axes remain once neighbours that stay together are merged."""
    return fits(_walk(request))


def _walk(request: Request) -> Walk:
    op = request.op
    assert isinstance(op, Slice)  # noqa: S101 - the registry guarantees it
    strides = element_strides(request.signature.inputs[0].shape)
    steps = [step * stride for step, stride in zip(op.steps, strides, strict=True)]
    start = sum(each * stride for each, stride in zip(op.starts, strides, strict=True))
    return shortest_walk(op.sizes, steps, start)


@kernel("portable_c", Slice, requires=(few_sliced_axes,))
def slice_(ctx: OfferContext) -> Call:
    return strided_copy(ctx, _walk(ctx.request))
