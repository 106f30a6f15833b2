"""Logistic function and tanh of int16, by one table of the former: TFLite's reference kernels.

Both have 15 fraction bits in their results, and work on the magnitude of the input in units of
1/(3 * 4096), where 256 samples span [0, 10.7). tanh(x) = 2 * logistic(2 * x) - 1.
"""

import math

import numpy as np

from edgec.ir import Array
from edgec.ops.numerics.fixed_point import Int64

_SAMPLES = 256
_STEPS = 24  # samples per unit of x
_LAST = _SAMPLES - 1


def sigmoid_table() -> Array:
    """Return 65536 * logistic(i / 24), uint16.

    Each sample is moved by half of what the straight line to the next one misses in the middle.
    """

    def logistic(place: Array) -> Array:
        return np.asarray(2.0**16 / (1 + np.exp(-place / _STEPS)))

    i = np.arange(_SAMPLES)
    missed = logistic(i + 0.5) - (logistic(i) + logistic(i + 1)) / 2
    table = np.rint(logistic(i) + missed / 2)
    table[_LAST] = 2**16 - 1
    return np.asarray(table, np.uint16)


def input_factor(scale: float, *, doubled: bool) -> tuple[int, int]:
    """Return multiplier and right shift from int16 of ``scale`` to units of 1/(3 * 4096).

    ``doubled`` is for tanh. Powers of two that need no shift are exact.
    """
    fraction, exponent = math.frexp(scale)
    steps = exponent - 1 + 12
    if fraction == 0.5 and (steps == 0 or (doubled and steps == 1)):  # noqa: PLR2004 - a power of 2
        return 3 << steps, 0
    multiplier, shift = scale * 4096.0 * 3.0, 0
    while multiplier <= (2**15 - 1) / 2 and shift <= 30:  # noqa: PLR2004 - TFLite's limit
        multiplier, shift = multiplier * 2, shift + 1
    return int(multiplier), shift


def logistic_int16(x: Array, scale: float) -> Array:
    """Return logistic(x) in Q0.15 of int16 ``x``."""
    units = _units(x, *input_factor(scale, doubled=False))
    y = _looked_up(np.abs(units), 9, (2**15 - 1) << 10)
    y = np.where(units >= 0, y + (1 << 9), (1 << 25) - y + (1 << 9) - 1)
    return (y >> 10).astype(np.int16)


def tanh_int16(x: Array, scale: float) -> Array:
    """Return tanh(x) in Q0.15 of int16 ``x``."""
    units = _units(x, *input_factor(scale, doubled=True))
    y = _looked_up(np.abs(units), 8, (2**16 - 1) << 8)
    y = np.where(units >= 0, y - (1 << 23) + (1 << 7), (1 << 23) - y + (1 << 7) - 1)
    return (y >> 8).astype(np.int16)


def _units(x: Array, multiplier: int, shift: int) -> Int64:
    half = 1 << (shift - 1) if shift > 0 else 0
    units: Int64 = (x.astype(np.int64) * multiplier + half) >> shift
    return units


def _looked_up(magnitude: Int64, bits: int, largest: int) -> Int64:
    """Return the table at ``magnitude / 2**bits``, interpolated, times 2**bits."""
    table = sigmoid_table().astype(np.int64)
    index = np.minimum(magnitude >> bits, _LAST - 1)
    rest = magnitude & ((1 << bits) - 1)
    inside = (table[index] << bits) + rest * (table[index + 1] - table[index])
    return np.where(magnitude >> bits >= _LAST, largest, inside)
