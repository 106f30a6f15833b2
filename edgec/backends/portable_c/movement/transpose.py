"""Transpose in plain C: any order of up to six axes, any element type."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.movement.loops import Walk, permutation
from edgec.backends.portable_c.movement.strided_copy import fits, strided_copy
from edgec.backends.request import Request
from edgec.ops.movement.transpose import Transpose
from edgec.program import Call


def few_axes(request: Request) -> bool:
    """At most six axes remain once neighbours that stay together are merged."""
    return fits(_walk(request))


def _walk(request: Request) -> Walk:
    op = request.op
    assert isinstance(op, Transpose)  # noqa: S101 - the registry guarantees it
    return permutation(request.signature.inputs[0].shape, op.perm)


@kernel("portable_c", Transpose, requires=(few_axes,))
def transpose(ctx: OfferContext) -> Call:
    return strided_copy(ctx, _walk(ctx.request))
