"""Scales and zero points from ranges. Real = scale * (integer - zero point)."""

import math
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, DType, QParams
from edgec.quantization.ranges.observers import Range

LOWEST, HIGHEST = -128, 127
WEIGHT_LIMIT = 127  # weights are symmetric: -128 is not used
_INT16_LIMIT = 32767  # symmetric: -32768 is not used
# Chosen by hand; no measurement is on record: states of longer sequences may be larger, and half a
# bit is lost by it.
_ROOM = 1.5  # for values yet to come; 16 bits can bear it
_LARGEST_POWER = 6  # of two: what TFLite's LSTM takes
_SMALLEST_SCALE = 2.0**-60  # keeps products of two scales normal in float32


@dataclass(frozen=True, slots=True)
class QuantizedLayer:
    """Weights as integers with their symmetric scales, and the bias as real numbers."""

    weights: Array
    scales: Array
    bias: Array | None


def activation_qparams(
    seen: Range, smallest: float = 0.0, activations: DType = DType.INT8
) -> QParams:
    """Return parameters for a range, which is widened to hold 0 exactly.

    int8 is asymmetric, int16 symmetric. ``smallest`` bounds the scale from below. The range of
    nothing but 0 gets scale 1.
    """
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    if low == high:
        return QParams.per_tensor(max(1.0, smallest), 0)
    if activations is DType.INT16:
        return QParams.per_tensor(_scale(max(-low, high) / _INT16_LIMIT, smallest))
    scale = _scale((high - low) / (HIGHEST - LOWEST), smallest)
    zero_point = round(LOWEST - low / scale)
    return QParams.per_tensor(scale, min(max(zero_point, LOWEST), HIGHEST))


def power_of_two_qparams(seen: Range) -> QParams:
    """Return int16 parameters with a power of two, 2^-15 to 2^-9, and room beyond the range."""
    largest = _ROOM * max(-seen.low, seen.high, 2.0**-15)
    exponent = min(max(math.ceil(math.log2(largest)), 0), _LARGEST_POWER)
    return QParams.per_tensor(2.0 ** (exponent - 15))


def fixed_qparams(prescribed: QParams | None, activations: DType) -> QParams | None:
    """Return what TFLite prescribes for a function's results: for int16 always 1 / 32768."""
    if prescribed is None or activations is not DType.INT16:
        return prescribed
    return QParams.per_tensor(1 / (_INT16_LIMIT + 1))


def widened_qparams(q: QParams) -> QParams:
    """Return int16 parameters for values of int8: 128 steps for each of theirs, none is lost."""
    return QParams.per_tensor(_scale(q.scale / 128, 0.0))


def steps_of(activations: DType) -> float:
    """Return the largest distance of an activation from its zero point, in steps."""
    return float(_INT16_LIMIT + 1 if activations is DType.INT16 else HIGHEST - LOWEST)


def _scale(wanted: float, smallest: float) -> float:
    return float(np.float32(max(wanted, smallest, _SMALLEST_SCALE)))


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


def nearest_layer(
    weights: Array, bias: Array | None, axis: int | None, input_scale: float
) -> QuantizedLayer:
    """Return a layer with every weight rounded to the nearest integer."""
    scales = weight_scales(weights, axis, bias, input_scale)
    return QuantizedLayer(quantize_weights(weights, scales, axis), scales, bias)


def quantize_weights(weights: Array, scales: Array, axis: int | None) -> Array:
    """Return int8 weights in [-127, 127]."""
    steps = weights.astype(np.float64) / _along(scales, axis, weights.ndim)
    return np.asarray(np.clip(np.rint(steps), -WEIGHT_LIMIT, WEIGHT_LIMIT), np.int8)


def quantize_bias(bias: Array, scales: Array, activations: DType = DType.INT8) -> Array:
    """Return an int32 bias, int64 for int16 activations; ``scales`` are those of accumulators."""
    steps = np.rint(bias.astype(np.float64) / scales.astype(np.float64))
    if activations is DType.INT16:
        return np.asarray(np.clip(steps, -(2**38), 2**38), np.int64)
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
