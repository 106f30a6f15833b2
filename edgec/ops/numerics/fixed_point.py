"""Requantization, bit for bit as gemmlowp, TFLite 2.14 and CMSIS-NN (double rounding) do it.

This is the one place of the arithmetic in Python; ``runtime_c/src/support/requantize.h`` and
``requantize_wide.h`` are its mirror in C, and ``docs/numerics.md`` its statement in prose.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgec.ir import Array

Int64 = npt.NDArray[np.int64]


def quantize_multiplier(factor: float) -> tuple[int, int]:
    """Write a factor >= 0 as ``multiplier * 2**(shift - 31)`` with multiplier in [2**30, 2**31).

    Factors below 2**-32 become (0, 0). Source: TFLite ``QuantizeMultiplier``.
    """
    if factor == 0:
        return 0, 0
    fraction, shift = math.frexp(factor)
    multiplier = math.floor(abs(fraction) * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier //= 2
        shift += 1
    if shift < -31:  # noqa: PLR2004 - and its floor
        return 0, 0
    if shift > 30:  # noqa: PLR2004 - TFLite's cap
        return 2**31 - 1, 30
    return int(math.copysign(multiplier, factor)), shift


def quantize_multipliers(factors: Sequence[float]) -> tuple[Array, Array]:
    """Return int32 arrays of multipliers and shifts, one each per factor."""
    pairs = [quantize_multiplier(factor) for factor in factors]
    return np.array([m for m, _ in pairs], np.int32), np.array([s for _, s in pairs], np.int32)


def requantize(x: Array, multiplier: Array | int, shift: Array | int) -> Int64:
    """Return ``x * multiplier * 2**(shift - 31)`` rounded twice, as int64 holding int32 values.

    ``x`` holds int32 values; multiplier and shift broadcast against it.
    """
    shift = np.asarray(shift, np.int64)
    shifted = wrap_int32(np.asarray(x, np.int64) << np.maximum(shift, 0))
    return rounding_right_shift(doubling_high_multiply(shifted, multiplier), np.maximum(-shift, 0))


def requantize_wide(x: Array, multiplier: Array | int, shift: Array | int) -> Int64:
    """Return ``x * multiplier * 2**(shift - 31)`` of 64-bit sums, as int64 holding int32 values.

    The multiplier is cut to 16 bits first, then rounds once, halves up. ``x`` stays below 2**47,
    ``shift`` below 8. Source: TFLite ``MultiplyByQuantizedMultiplier(int64_t)``.
    """
    multiplier = np.asarray(multiplier, np.int64)
    reduced = np.minimum((multiplier + (1 << 15)) >> 16, 2**15 - 1)
    exponent = 15 - np.asarray(shift, np.int64)
    rounded = (np.asarray(x, np.int64) * reduced + (np.int64(1) << (exponent - 1))) >> exponent
    return wrap_int32(rounded)


def doubling_high_multiply(x: Array, multiplier: Array | int) -> Int64:
    """Return the high 32 bits of 2*x*multiplier, halves rounded up (SQRDMULH, saturating)."""
    product = np.asarray(x, np.int64) * np.asarray(multiplier, np.int64)
    high: Int64 = np.minimum((product + (1 << 30)) >> 31, np.int64(2**31 - 1))
    return high


def rounding_right_shift(x: Array, exponent: Array | int) -> Int64:
    """Return ``x / 2**exponent`` rounded half away from zero (gemmlowp RoundingDivideByPOT)."""
    x = np.asarray(x, np.int64)
    exponent = np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    rounded: Int64 = (x >> exponent) + ((x & mask) > threshold)
    return rounded


def wrap_int32(x: Array) -> Int64:
    """Reduce to the int32 two's complement range, as 32-bit registers do."""
    wrapped: Int64 = ((np.asarray(x, np.int64) + 2**31) & (2**32 - 1)) - 2**31
    return wrapped


def saturate(x: Array, low: int, high: int, dtype: npt.DTypeLike = np.int8) -> Array:
    """Clamp to [low, high] and narrow to ``dtype``."""
    return np.clip(x, low, high).astype(dtype)


def exact_matmul(a: Array, b: Array) -> Int64:
    """Multiply integer matrices exactly: float64 holds every sum below 2**53, and BLAS is fast."""
    product: Int64 = (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
    return product


def integer_matmul(a: Array, b: Array) -> Int64:
    """Multiply integer matrices with accumulators of 32 bits."""
    return wrap_int32(exact_matmul(a, b))
