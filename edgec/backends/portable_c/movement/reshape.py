"""Reshape as a copy; lowering leaves the call out where input and output can share a buffer."""

from edgec.backends.base import LoweringContext, kernel
from edgec.lir import Call, Scalar
from edgec.ops.movement.reshape import Reshape


@kernel("portable_c", Reshape)
def copy(ctx: LoweringContext) -> Call:
    size = Scalar(ctx.signature.output.bytes)
    return Call("edgec_copy", [ctx.input(0), size, ctx.output()])
