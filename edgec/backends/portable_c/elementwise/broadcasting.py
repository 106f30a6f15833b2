"""Calls of kernels of two or three operands: loops over the output, with each operand's steps."""

from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.movement.loops import broadcast_loops, loop_dims
from edgec.program import Argument, Call


def elementwise_call(ctx: OfferContext, function: str, *how: Argument) -> Call:
    """Return ``function(dims, step_a, a, step_b, b, *how, output)``, of as many as there are."""
    shapes = [kind.shape for kind in ctx.signature.inputs]
    loops = broadcast_loops(ctx.signature.output.shape, shapes)
    operands = [
        argument
        for index in range(len(shapes))
        for argument in (loop_dims(loops.steps[index], 0), ctx.input(index))
    ]
    return Call(function, [loop_dims(loops.extents, 1), *operands, *how, ctx.output()])
