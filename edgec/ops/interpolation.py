"""Functions of one int16 as TFLite interpolates them: 513 samples, 128 steps from one to the next.

Mirror: ``runtime_c/src/support/interpolate.h``.
"""

from collections.abc import Callable

import numpy as np

from edgec.ir import Array
from edgec.ops.fixed_point import Int64

_INTERVALS = 512
_LIMITS = np.iinfo(np.int16)


def interpolated_table(f: Callable[[Array], Array], low: float, high: float) -> Array:
    """Return 513 samples of ``f`` over [low, high] in Q0.15, int16.

    A sample is moved by half of what the straight line to the next one misses in the middle.
    Source: TFLite ``LUTPopulate<int16_t>``, in double.
    """

    def scaled(x: Array) -> Array:
        return f(x) * 2.0**15

    step = (high - low) / _INTERVALS
    starts = np.arange(_INTERVALS)
    here, after = scaled(low + starts * step), scaled(low + (starts + 1) * step)
    middle = scaled(low + starts * step + step / 2)
    missed = _rounded((after + _rounded(here)) / 2) - _rounded(middle)
    samples = _rounded(here) - _rounded(missed / 2)
    table = np.concatenate([samples, _rounded(scaled(np.array([high])))])
    return np.asarray(saturate_int16(table), np.int16)


def interpolate(table: Array, x: Array) -> Int64:
    """Return what a table of 513 says of int16 values, halves rounded up (TFLite: LUTLookup)."""
    table = table.astype(np.int64)
    index, rest = 256 + (x >> 7), x & 0x7F
    result: Int64 = table[index] + (((table[index + 1] - table[index]) * rest + 64) >> 7)
    return result


def saturate_int16(x: Array) -> Int64:
    """Return int64 values limited to those of int16."""
    limited: Int64 = np.clip(np.asarray(x, np.int64), _LIMITS.min, _LIMITS.max)
    return limited


def _rounded(x: Array) -> Array:
    """Round halves away from zero."""
    return np.asarray(np.copysign(np.floor(np.abs(x) + 0.5), x))
