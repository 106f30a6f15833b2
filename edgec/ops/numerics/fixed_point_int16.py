"""Logistic and tanh in 16-bit fixed point, bit for bit as gemmlowp computes them.

Qm.n is an int16 with m integer and n = 15 - m fraction bits, in int64 arrays here. The mirror in C
is ``runtime_c/src/support/fixed_point_int16.h``.
"""

import numpy as np

from edgec.ir import Array
from edgec.ops.numerics.fixed_point import Int64, rounding_right_shift

_LOWEST, _HIGHEST = -(2**15), 2**15 - 1
_EXP_MINUS_EIGHTH = 28918  # exp(-1/8) in Q0.15
_THIRD = 10923  # 1/3 in Q0.15
_EXP_OF_POWERS = (25520, 19875, 12055, 4435, 600, 11, 0)
"""exp(-1/4), exp(-1/2), exp(-1), ... exp(-16) in Q0.15."""
_48_OVER_17, _MINUS_32_OVER_17 = 23130, -15420  # Q2.13: first guess of Newton's method
_ONE_Q2 = 1 << 13
_HALF = 1 << 14  # Q0.15


def logistic_q3(x: Array) -> Int64:
    """Return 1 / (1 + exp(-x)) in Q0.15 of int16 x in Q3.12."""
    x = np.asarray(x, np.int64)
    upper = _clamp(_inverse_of_half_sum(_exp_of_negative(-np.abs(x), 3)) << 1)
    return np.where(x == 0, _HALF, np.where(x > 0, upper, _HIGHEST - upper)).astype(np.int64)


def tanh_of(x: Array, integer_bits: int) -> Int64:
    """Return tanh(x) in Q0.15 of int16 x in Q``integer_bits``, 0 to 6."""
    x = np.asarray(x, np.int64)
    power = _exp_of_negative(-np.abs(x), integer_bits + 1)  # the same integers stand for 2 x
    upper = _clamp((_inverse_of_half_sum(power) - _ONE_Q2) << 2)
    return np.where(x == 0, 0, np.where(x < 0, -upper, upper)).astype(np.int64)


def _exp_of_negative(x: Int64, integer_bits: int) -> Int64:
    """Return exp(x) in Q0.15 of x <= 0 in Q``integer_bits``, 1 to 7."""
    quarter = 1 << (13 - integer_bits)
    fraction = (x & (quarter - 1)) - quarter  # in [-1/4, 0)
    rest = fraction - x  # a multiple of 1/4
    result = _exp_of_fraction(fraction << integer_bits)
    for bit in range(min(integer_bits + 2, len(_EXP_OF_POWERS))):
        power = rest & (quarter << bit)
        result = np.where(power != 0, _multiply(result, _EXP_OF_POWERS[bit]), result)
    lowest = -(1 << (20 - integer_bits))  # -32
    return np.where(x == 0, _HIGHEST, np.where(x < lowest, 0, result)).astype(np.int64)


def _exp_of_fraction(x: Int64) -> Int64:
    """Return exp(x) of x in [-1/4, 0), both Q0.15: the Taylor series around -1/8."""
    x = x + (1 << 12)
    x2 = _multiply(x, x)
    x3 = _multiply(x2, x)
    x4_over_4 = rounding_right_shift(_multiply(x2, x2), 2)
    tail = rounding_right_shift(_multiply(x4_over_4 + x3, _THIRD) + x2, 1)
    return _clamp(_EXP_MINUS_EIGHTH + _multiply(x + tail, _EXP_MINUS_EIGHTH))


def _inverse_of_half_sum(x: Int64) -> Int64:
    """Return 2 / (1 + x) in Q2.13 of x in [0, 1), Q0.15: three steps of Newton's method."""
    half_sum = (x + _HIGHEST + 1) >> 1
    guess = _multiply(half_sum, _MINUS_32_OVER_17) + _48_OVER_17
    for _ in range(3):
        error = _ONE_Q2 - _multiply(half_sum, guess)
        guess = guess + _clamp(_multiply(guess, error) << 2)
    return guess


def _multiply(x: Int64, y: Int64 | int) -> Int64:
    """Return the high 16 bits of 2 * x * y, halves rounded up (SQRDMULH)."""
    return np.minimum((x * y + (1 << 14)) >> 15, np.int64(_HIGHEST))


def _clamp(x: Int64) -> Int64:
    return np.clip(x, _LOWEST, _HIGHEST)
