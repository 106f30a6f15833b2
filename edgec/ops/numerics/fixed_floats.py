"""From float32 to fixed point and back, as C does it in integers.

The mirror in C is ``runtime_c/src/support/fixed_floats.h``.
"""

import numpy as np

from edgec.ir import Array
from edgec.ops.numerics.fixed_point import Int64
from edgec.ops.numerics.float_bits import bits_of

_FURTHEST = 40


def fixed_of(x: Array, fraction: int, limit: int) -> Int64:
    """Return finite float32 in units of 2**-fraction, halves up, within +-``limit``.

    ``limit`` is below 2**62; infinities are taken for large numbers.
    """
    mantissa, exponent = split(x)
    shift = exponent + fraction
    left = np.clip(shift, 0, 62)
    right = np.clip(-shift, 0, _FURTHEST)
    room = limit >> left
    large = np.where(np.abs(mantissa) > room, np.sign(mantissa) * limit, mantissa << left)
    half = np.where(right > 0, np.int64(1) << np.maximum(right - 1, 0), 0)
    small = (mantissa + half) >> right
    found = np.where(shift > 0, large, np.clip(small, -limit, limit))
    return np.asarray(found, np.int64)


def split(x: Array) -> tuple[Int64, Int64]:
    """Return (mantissa, exponent) of finite float32: mantissa * 2**exponent."""
    bits = bits_of(x).astype(np.int64)
    field = (bits >> 23) & 0xFF
    size = (bits & 0x7FFFFF) | np.where(field > 0, 1 << 23, 0)
    return np.where(bits < 0, -size, size), np.maximum(field, 1) - 150


def float_of(value: Int64, exponent: int) -> Array:
    """Return the float32 next to value * 2**exponent, halves to even; no result is subnormal."""
    return np.ldexp(np.asarray(value, np.int64).astype(np.float32), exponent).astype(np.float32)
