"""Transpose in plain C: any order of up to six axes, any element type."""

from edgec.backends.base import LoweringContext, Request, kernel
from edgec.backends.portable_c.axes import MAX_TRANSPOSE_AXES, Permutation, permutation
from edgec.lir import Call, Scalar, Struct
from edgec.ops.transpose import Transpose


def few_axes(request: Request) -> bool:
    """At most six axes remain once neighbours that stay together are merged."""
    return len(_walk(request).extents) <= MAX_TRANSPOSE_AXES


def _walk(request: Request) -> Permutation:
    op = request.op
    assert isinstance(op, Transpose)  # noqa: S101 - the registry guarantees it
    return permutation(request.signature.inputs[0].shape, op.perm)


@kernel("portable_c", Transpose, requires=(few_axes,))
def transpose(ctx: LoweringContext) -> Call:
    walk = _walk(ctx.request)
    size = ctx.signature.output.dtype.bytes
    unused = MAX_TRANSPOSE_AXES - len(walk.extents)
    extents = (1,) * unused + walk.extents
    strides = (0,) * unused + walk.strides
    fields = {f"extent[{i}]": Scalar(extent) for i, extent in enumerate(extents)}
    fields |= {f"stride[{i}]": Scalar(stride * size) for i, stride in enumerate(strides)}
    axes = Struct("edgec_axes_t", fields)
    return Call("edgec_transpose", [axes, Scalar(walk.block * size), ctx.input(0), ctx.output()])
