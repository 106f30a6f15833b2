"""Functions of one int16 as TFLite interpolates them: 513 samples, 128 steps from one to the next.

Mirror: ``runtime_c/src/support/interpolate.h``.
"""

from collections.abc import Callable

import numpy as np

from edgec.ir import Array, Signature
from edgec.ops.numerics.fixed_point import Int64

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


def function_table(f: Callable[[Array], Array], signature: Signature, largest_bend: float) -> Array:
    """Return 513 samples of ``f`` over all int16 inputs, in steps of the output.

    Each is moved as in :func:`interpolated_table`, but not where that is by more than
    ``largest_bend`` steps. ``f`` maps float32 to float32; NaN counts as 0.
    Source: TFLite ``LUTPopulate<int16_t>``, in float32.
    """
    source, target = (
        np.float32(kind.quantization.scale) for kind in (signature.inputs[0], signature.output)
    )
    low, high = (source * np.float32(limit) for limit in (_LIMITS.min, _LIMITS.max))
    step = (high - low) / np.float32(_INTERVALS)
    per_unit = np.float32(2**16) / (target * np.float32(32767) - target * np.float32(-32768))
    places = np.arange(_INTERVALS + 1, dtype=np.float32) * step + low
    with np.errstate(all="ignore"):
        here = f(places[:-1]) * per_unit
        after = f(places[1:]) * per_unit
        middle = f(places[:-1] + step / np.float32(2)) * per_unit
        missed = _rounded((after + _rounded(here)) / np.float32(2)) - _rounded(middle)
        bend = _rounded(missed / np.float32(2))
        samples = _rounded(here) - np.where(np.abs(bend) > largest_bend, np.float32(0), bend)
        last = _rounded(f(np.array([high])) * per_unit)
    limited = np.clip(np.concatenate([samples, last]), _LIMITS.min, _LIMITS.max)
    return np.asarray(np.nan_to_num(limited, nan=0.0), np.int16)


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
