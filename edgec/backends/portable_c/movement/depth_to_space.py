"""Depth to space and back in plain C: a transpose of up to six axes, any element type."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.movement.loops import permutation
from edgec.backends.portable_c.movement.strided_copy import strided_copy
from edgec.ops.movement.depth_to_space import DepthToSpace, SpaceToDepth
from edgec.program import Call


@kernel("portable_c", DepthToSpace)
@kernel("portable_c", SpaceToDepth)
def blocks(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, (DepthToSpace, SpaceToDepth))  # noqa: S101 - the registry guarantees it
    return strided_copy(ctx, permutation(*op.walk(ctx.signature.inputs[0].shape)))
