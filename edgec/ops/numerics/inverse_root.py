"""Inverse square root in 32-bit fixed point, bit for bit as TFLite computes it.

Source: ``GetInvSqrtQuantizedMultiplierExp``. The mirror in C is
``runtime_c/src/support/inverse_root.h``.
"""

import numpy as np

from edgec.ir import Array
from edgec.ops.numerics.fixed_point import (
    Int64,
    doubling_high_multiply,
    rounding_right_shift,
    wrap_int32,
)

_INT32_MAX = 2**31 - 1
_ROUNDS = 5  # of Newton's method
_ONE, _HALF_THREE = 1 << 28, (1 << 28) + (1 << 27)  # in Q3.28
_ROOT_HALF = 1518500250  # sqrt(1/2) in Q0.31
_SHIFT = 11  # to the right, of a number of 28 or 29 bits


def inverse_root(x: Array) -> tuple[Int64, Int64]:
    """Return multiplier and shift: 1 / sqrt(x) ~= multiplier * 2**(shift - 31); 0 counts as 1.

    ``x`` holds int32 values >= 0.
    """
    x = np.asarray(x, np.int64)
    bits = np.frexp(np.maximum(x, 2).astype(np.float64))[1].astype(np.int64)
    pairs = (29 - bits) // 2  # that x can be shifted to the left; to the right where negative
    scaled = np.where(pairs >= 0, x << (2 * np.maximum(pairs, 0)), x >> (-2 * np.minimum(pairs, 0)))
    root = doubling_high_multiply(_newton(scaled >> 1), _ROOT_HALF)
    shift = pairs - _SHIFT
    multiplier = wrap_int32(root << np.maximum(shift, 0))
    tiny = x <= 1
    return np.where(tiny, _INT32_MAX, multiplier), np.where(tiny, 0, np.minimum(shift, 0))


def _newton(x: Int64) -> Int64:
    """Return 1 / sqrt(x) of x around 1 in Q3.28, from 1 in five steps."""
    half = rounding_right_shift(x, 1)
    y = np.full_like(x, _ONE)
    for _ in range(_ROUNDS):
        cube = _raised(doubling_high_multiply(doubling_high_multiply(y, y), y), 6)
        step = doubling_high_multiply(y, _HALF_THREE) - doubling_high_multiply(half, cube)
        y = _raised(wrap_int32(step), 3)
    return y


def _raised(x: Int64, bits: int) -> Int64:
    """Multiply by a power of two, saturating at 32 bits."""
    return np.clip(x << bits, -(2**31), _INT32_MAX)
