"""Scales and zero points from ranges. Real = scale * (integer - zero point)."""

import numpy as np

from edgec.ir import Array, QParams
from edgec.quantization.observers import Range

LOWEST, HIGHEST = -128, 127
WEIGHT_LIMIT = 127  # weights are symmetric: -128 is not used
_SMALLEST_SCALE = 2.0**-60  # keeps products of two scales normal in float32


def activation_qparams(seen: Range, smallest: float = 0.0) -> QParams:
    """Return asymmetric int8 parameters for a range, which is widened to hold 0 exactly.

    ``smallest`` bounds the scale from below. The range of nothing but 0 gets scale 1.
    """
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    if low == high:
        return QParams.per_tensor(max(1.0, smallest), 0)
    scale = float(np.float32(max((high - low) / (HIGHEST - LOWEST), smallest, _SMALLEST_SCALE)))
    zero_point = round(LOWEST - low / scale)
    return QParams.per_tensor(scale, min(max(zero_point, LOWEST), HIGHEST))


def weight_scales(
    weights: Array, axis: int | None, bias: Array | None, input_scale: float
) -> Array:
    """Return symmetric scales, float32, of weights: one per slice along ``axis``, or one in all.

    Slices of zeros get the scale of the whole tensor. A scale is raised where the bias, in steps of
    input scale times weight scale, would not fit 30 bits.
    """
    magnitude = np.abs(weights.astype(np.float64))
    largest = magnitude.max(initial=0.0)
    slices = np.atleast_1d(largest if axis is None else _per_slice(magnitude, axis))
    scales = np.where(slices > 0, slices, largest if largest > 0 else WEIGHT_LIMIT) / WEIGHT_LIMIT
    if bias is not None:
        offsets = np.abs(bias.astype(np.float64))
        needed = (offsets if axis is not None else offsets.max(initial=0.0)) / input_scale / 2**30
        scales = np.maximum(scales, needed)
    return np.asarray(np.maximum(scales, _SMALLEST_SCALE), np.float32)


def quantize_weights(weights: Array, scales: Array, axis: int | None) -> Array:
    """Return int8 weights in [-127, 127]."""
    steps = weights.astype(np.float64) / _along(scales, axis, weights.ndim)
    return np.asarray(np.clip(np.rint(steps), -WEIGHT_LIMIT, WEIGHT_LIMIT), np.int8)


def quantize_bias(bias: Array, scales: Array) -> Array:
    """Return an int32 bias; ``scales`` are those of the accumulators."""
    steps = np.rint(bias.astype(np.float64) / scales.astype(np.float64))
    return np.asarray(np.clip(steps, -(2**31), 2**31 - 1), np.int32)


def weight_qparams(scales: Array, axis: int | None) -> QParams:
    return (
        QParams.per_tensor(float(scales[0])) if axis is None else QParams.per_channel(scales, axis)
    )


def _per_slice(magnitude: Array, axis: int) -> Array:
    others = tuple(each for each in range(magnitude.ndim) if each != axis)
    return np.asarray(magnitude.max(axis=others, initial=0.0))


def _along(scales: Array, axis: int | None, rank: int) -> Array:
    extent = [1] * rank
    if axis is not None:
        extent[axis] = -1
    return scales.astype(np.float64).reshape(extent)
