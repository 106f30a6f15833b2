"""Bilinear resizing in plain C: places and weights come from tables."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.ops.movement.resize_bilinear import ResizeBilinear
from edgec.program import Call


@kernel("portable_c", ResizeBilinear, requires=(int8_inputs,))
def resize_bilinear_s8(ctx: OfferContext) -> Call:
    return _call("edgec_resize_bilinear_s8", ctx)


@kernel("portable_c", ResizeBilinear, requires=(int16_inputs,))
def resize_bilinear_s16(ctx: OfferContext) -> Call:
    return _call("edgec_resize_bilinear_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op, x = ctx.request.op, ctx.signature.inputs[0]
    assert isinstance(op, ResizeBilinear)  # noqa: S101 - the registry guarantees it
    return Call(
        function,
        [
            structs.dims(x.shape),
            ctx.input(0),
            ctx.table("rows", op.taps(0, x.shape)),
            ctx.table("columns", op.taps(1, x.shape)),
            structs.dims(ctx.signature.output.shape),
            ctx.output(),
        ],
    )
