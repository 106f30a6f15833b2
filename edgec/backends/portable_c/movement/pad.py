"""Padding in plain C: up to four padded axes of an int8 or int16 tensor of any rank."""

from edgec.backends.constraints import int8_data, int16_data, same_quantization
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.movement.loops import MAX_LOOPS, loop_dims, merged_padding
from edgec.backends.request import Request
from edgec.ops.movement.pad import Pad
from edgec.program import Call, Scalar


def few_padded_axes(request: Request) -> bool:
    """At most four axes are padded."""
    extents, _ = _merged(request)
    return len(extents) <= MAX_LOOPS


def _merged(request: Request) -> tuple[list[int], list[tuple[int, int]]]:
    op = request.op
    assert isinstance(op, Pad)  # noqa: S101 - the registry guarantees it
    return merged_padding(request.signature.inputs[0].shape, op.paddings)


@kernel("portable_c", Pad, requires=(int8_data, same_quantization, few_padded_axes))
def pad_s8(ctx: OfferContext) -> Call:
    return _call("edgec_pad_s8", ctx)


@kernel("portable_c", Pad, requires=(int16_data, same_quantization, few_padded_axes))
def pad_s16(ctx: OfferContext) -> Call:
    return _call("edgec_pad_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Pad)  # noqa: S101 - the registry guarantees it
    extents, pairs = _merged(ctx.request)
    grown = [extent + sum(pair) for extent, pair in zip(extents, pairs, strict=True)]
    return Call(
        function,
        [
            loop_dims(extents, 1),
            ctx.input(0),
            loop_dims([before for before, _ in pairs], 0),
            Scalar(int(op.fill(ctx.signature.output))),
            loop_dims(grown, 1),
            ctx.output(),
        ],
    )
