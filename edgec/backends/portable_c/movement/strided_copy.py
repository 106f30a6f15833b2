"""The copy behind every operator that only moves elements: one kernel, the walk is an argument."""

from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.movement.loops import Walk
from edgec.program import Call, Scalar, Struct

_MAX_AXES = 6


def fits(walk: Walk) -> bool:
    """Tell whether the kernel has a loop for every axis of a walk."""
    return len(walk.extents) <= _MAX_AXES


def strided_copy(ctx: OfferContext, walk: Walk) -> Call:
    """Return the call that copies input 0 to the output along ``walk``, of any element type."""
    size = ctx.signature.output.dtype.bytes
    unused = _MAX_AXES - len(walk.extents)
    extents = (1,) * unused + walk.extents
    strides = (0,) * unused + walk.strides
    fields = {f"extent[{i}]": Scalar(extent) for i, extent in enumerate(extents)}
    fields |= {f"stride[{i}]": Scalar(stride * size) for i, stride in enumerate(strides)}
    axes = Struct("edgec_axes_t", fields)
    start, block = Scalar(walk.start * size), Scalar(walk.block * size)
    return Call("edgec_strided_copy", [axes, start, block, ctx.input(0), ctx.output()])
