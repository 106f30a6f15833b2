"""Transposed convolution in plain C: any stride, crop and output size."""

from itertools import product

import numpy as np

from edgec.backends.constraints import (
    constant_weights,
    int8_data,
    int16_data,
    symmetric_weights,
)
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.layers.convolutions import call_s8, call_s16
from edgec.backends.wide_sums import sums_fit
from edgec.ir import Array
from edgec.ops.layers.transpose_conv2d import TransposeConv2D
from edgec.ops.layers.windows import Window
from edgec.program import Call, ConstantRef, Null, OperandRef

_LAYER = (constant_weights, symmetric_weights)


@kernel("portable_c", TransposeConv2D, requires=(int8_data, *_LAYER))
def transpose_conv2d_s8(ctx: OfferContext) -> Call:
    op, (weights, patches) = _op(ctx), _memory(ctx)
    return call_s8(
        ctx,
        "edgec_transpose_conv2d_s8",
        _window(ctx),
        op.activation,
        weights=weights,
        scratch=[patches],
    )


@kernel("portable_c", TransposeConv2D, requires=(int16_data, *_LAYER, sums_fit))
def transpose_conv2d_s16(ctx: OfferContext) -> Call:
    op, (weights, patches) = _op(ctx), _memory(ctx)
    return call_s16(
        ctx,
        "edgec_transpose_conv2d_s16",
        _window(ctx),
        op.activation,
        weights=weights,
        scratch=[patches],
    )


def _op(ctx: OfferContext) -> TransposeConv2D:
    assert isinstance(ctx.request.op, TransposeConv2D)  # noqa: S101 - the registry guarantees it
    return ctx.request.op


def _window(ctx: OfferContext) -> Window:
    op, (_, height, width, _) = _op(ctx), ctx.signature.inputs[1].shape
    top, left = op.crop
    return Window((height, width), op.strides, pads=(top, 0, left, 0))


def _memory(ctx: OfferContext) -> tuple[ConstantRef, OperandRef | Null]:
    """Return the weights phase by phase, and scratch memory for two patches of int16."""
    phases = by_phase(ctx.constant_value(1), _op(ctx).strides)
    largest = max(each[0].size for each in phases)
    together = np.concatenate([each.reshape(-1) for each in phases])
    return ctx.table("weights", together), ctx.scratch_buffer(2 * 2 * largest)


def by_phase(weights: Array, strides: tuple[int, int]) -> list[Array]:
    """Return, for each phase of rows and of columns, the taps [O,KH,KW,C] that it meets.

    Columns go backwards, as the input's go forwards.
    """
    phases = product(*map(range, strides))
    return [weights[:, i :: strides[0], j :: strides[1]][:, :, ::-1] for i, j in phases]
