"""Numbers of 64 bits times powers of two, as C computes them.

The mirror in C is ``runtime_c/src/support/shifted.h``.
"""

import numpy as np

from edgec.ir import Array
from edgec.ops.numerics.fixed_point import Int64

_FURTHEST = 62
_BITS = 31


def shifted(value: Array, shift: Array | int, limit: int) -> Int64:
    """Return value * 2**shift, halves up, within +-``limit`` (below 2**62), as |value| is."""
    value, shift = np.asarray(value, np.int64), np.asarray(shift, np.int64)
    left, right = np.clip(shift, 0, _FURTHEST), np.clip(-shift, 0, _FURTHEST)
    room = np.where(shift > _FURTHEST, 0, np.int64(limit) >> left)
    up = np.where(np.abs(value) > room, np.sign(value) * limit, value << left)
    half = np.where(right > 0, np.int64(1) << np.maximum(right - 1, 0), 0)
    down = np.clip((value + half) >> right, -limit, limit)
    return np.asarray(np.where(shift > 0, up, down), np.int64)


def bit_length(value: Array) -> Int64:
    """Return how many bits integers of 0 or more take, without zeros in front."""
    rest, length = np.asarray(value, np.int64), np.zeros(np.shape(value), np.int64)
    for step in (32, 16, 8, 4, 2, 1):
        is_long = (rest >> step) != 0
        length += np.where(is_long, step, 0)
        rest = np.where(is_long, rest >> step, rest)
    return length + rest


def scaled(value: Array, exponent: Array | int) -> tuple[Int64, Int64]:
    """Return value * 2**exponent as (mantissa, exponent), the mantissa cut to 31 bits."""
    value = np.asarray(value, np.int64)
    right = np.maximum(bit_length(np.abs(value)) - _BITS, 0)
    return value >> right, np.asarray(exponent + right, np.int64)
