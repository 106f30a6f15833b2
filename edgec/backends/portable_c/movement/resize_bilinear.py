"""Bilinear resizing in plain C: places and weights come from tables."""

import numpy as np

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ops.movement.resize_bilinear import ResizeBilinear
from edgec.program import Argument, Call


def whole_numbers(request: Request) -> bool:
    """Pixels are blended in integers."""
    return not _op(request).in_floats


def blended_in_floats(request: Request) -> bool:
    """Pixels are blended in floats: the scheme before int8."""
    return _op(request).in_floats


@kernel("portable_c", ResizeBilinear, requires=(int8_inputs, whole_numbers))
def resize_bilinear_s8(ctx: OfferContext) -> Call:
    return _call("edgec_resize_bilinear_s8", ctx)


@kernel("portable_c", ResizeBilinear, requires=(int8_inputs, blended_in_floats))
def resize_bilinear_in_floats_s8(ctx: OfferContext) -> Call:
    op, x = _op(ctx.request), ctx.signature.inputs[0]
    args: list[Argument] = [structs.dims(x.shape), ctx.input(0)]
    for axis, name in enumerate(("rows", "columns")):
        taps = op.real_taps(axis, x.shape)
        args.append(ctx.table(name, taps[:, :2].astype(np.int32)))
        args.append(ctx.table(f"{name}_weights", taps[:, 2].astype(np.float32)))
    return Call(
        "edgec_resize_bilinear_in_floats_s8",
        [*args, structs.dims(ctx.signature.output.shape), ctx.output()],
    )


@kernel("portable_c", ResizeBilinear, requires=(int16_inputs, whole_numbers))
def resize_bilinear_s16(ctx: OfferContext) -> Call:
    return _call("edgec_resize_bilinear_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op, x = _op(ctx.request), ctx.signature.inputs[0]
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


def _op(request: Request) -> ResizeBilinear:
    assert isinstance(request.op, ResizeBilinear)  # noqa: S101 - the registry guarantees it
    return request.op
