"""The structs of runtime_c/include/edgec/edgec.h."""

from collections.abc import Sequence

import numpy as np

from edgec.backends.offer import OfferContext
from edgec.ir import TensorType
from edgec.ops.layers.layer_output import has_wide_sums
from edgec.ops.layers.windows import Window
from edgec.ops.numerics.fixed_point import quantize_multiplier, quantize_multipliers
from edgec.ops.operator import Activation
from edgec.program import ConstantRef, Null, OperandRef, Scalar, Struct


def dims(shape: Sequence[int]) -> Struct:
    """Return ``edgec_dims_t``; shapes below four axes are filled with 1 in front."""
    n, h, w, c = (1,) * (4 - len(shape)) + tuple(shape)
    return Struct("edgec_dims_t", {"n": Scalar(n), "h": Scalar(h), "w": Scalar(w), "c": Scalar(c)})


def window(each: Window) -> Struct:
    """Return ``edgec_window_t``."""
    return Struct(
        "edgec_window_t",
        {
            "stride_h": Scalar(each.strides[0]),
            "stride_w": Scalar(each.strides[1]),
            "pad_h": Scalar(each.pads[0]),
            "pad_w": Scalar(each.pads[2]),
            "dilation_h": Scalar(each.dilations[0]),
            "dilation_w": Scalar(each.dilations[1]),
        },
    )


def scale(factor: float) -> Struct:
    """Return ``edgec_scale_t`` for a real factor."""
    return fixed_point(*quantize_multiplier(factor))


def fixed_point(multiplier: int, shift: int) -> Struct:
    """Return ``edgec_scale_t`` for ``multiplier * 2**(shift - 31)``."""
    return Struct("edgec_scale_t", {"multiplier": Scalar(multiplier), "shift": Scalar(shift)})


def layer_s16(
    ctx: OfferContext, factors: Sequence[float], activation: Activation, *, per_channel: bool
) -> Struct:
    """Return ``edgec_layer_s16_t``; ``factors`` are one per channel or one in all."""
    multipliers, shifts = quantize_multipliers(factors)
    return Struct(
        "edgec_layer_s16_t",
        {
            "bias": _bias_s64(ctx),
            "multipliers": ctx.table("multipliers", multipliers),
            "shifts": ctx.table("shifts", shifts),
            "per_channel": Scalar(int(per_channel)),
            "is_wide": Scalar(int(has_wide_sums(ctx.signature))),
            "clamp": clamp(activation, ctx.signature.output),
        },
    )


def _bias_s64(ctx: OfferContext) -> OperandRef | ConstantRef | Null:
    if len(ctx.node.inputs) <= 2:  # noqa: PLR2004 - data, weights, bias
        return Null()
    if has_wide_sums(ctx.signature):
        return ctx.input(2)
    return ctx.table("bias", ctx.constant_value(2).astype(np.int64))


def clamp(activation: Activation, output: TensorType) -> Struct:
    """Return ``edgec_clamp_t`` for a fused activation."""
    low, high = activation.quantized_bounds(output)
    return Struct("edgec_clamp_t", {"min": Scalar(low), "max": Scalar(high)})
