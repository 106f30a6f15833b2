"""Exponential and reciprocal in 32-bit fixed point, bit for bit as gemmlowp computes them.

Qm.n is an int32 with m integer and n = 31 - m fraction bits, in int64 arrays here. The mirror in C
is ``runtime_c/src/support/fixed_point_exp.h``.
"""

import numpy as np

from edgec.ir import Array
from edgec.ops.numerics.fixed_point import Int64, doubling_high_multiply, rounding_right_shift

_INT32_MAX = 2**31 - 1
_QUARTER = 1 << 24  # 1/4 in Q5.26
_EXP_MINUS_EIGHTH = 1895147668  # exp(-1/8) in Q0.31
_THIRD = 715827883  # 1/3 in Q0.31
_EXP_OF_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""exp(-1/4), exp(-1/2), exp(-1), ... exp(-16) in Q0.31."""
_48_OVER_17, _MINUS_32_OVER_17 = 1515870810, -1010580540  # Q2.29: first guess of Newton's method
_ONE_Q2 = 1 << 29


def exp_of_negative(x: Array) -> Int64:
    """Return exp(x) in Q0.31 of x <= 0 in Q5.26 (gemmlowp ``exp_on_negative_values``)."""
    x = np.asarray(x, np.int64)
    fraction = (x & (_QUARTER - 1)) - _QUARTER  # in [-1/4, 0)
    rest = fraction - x  # a multiple of 1/4
    result = _exp_of_fraction(fraction << 5)
    for bit, factor in enumerate(_EXP_OF_POWERS):
        power = rest & (_QUARTER << bit)
        result = np.where(power != 0, doubling_high_multiply(result, factor), result)
    return np.where(x == 0, _INT32_MAX, result).astype(np.int64)


def _exp_of_fraction(x: Int64) -> Int64:
    """Return exp(x) of x in [-1/4, 0), both Q0.31: the Taylor series around -1/8."""
    x = x + (1 << 28)
    x2 = doubling_high_multiply(x, x)
    x3 = doubling_high_multiply(x2, x)
    x4_over_4 = rounding_right_shift(doubling_high_multiply(x2, x2), 2)
    cubic = doubling_high_multiply(x4_over_4 + x3, _THIRD)
    tail = rounding_right_shift(cubic + x2, 1)
    return doubling_high_multiply(x + tail, _EXP_MINUS_EIGHTH) + _EXP_MINUS_EIGHTH


def reciprocal(x: Array, integer_bits: int) -> tuple[Int64, Int64]:
    """Return (r, e) with 1/x = r * 2**-e, r in Q0.31 and x > 0 in Q``integer_bits``.

    Source: TFLite ``GetReciprocal``.
    """
    x = np.asarray(x, np.int64)
    leading_zeros = 32 - np.frexp(x.astype(np.float64))[1].astype(np.int64)
    fraction = (x << leading_zeros) - (1 << 31)
    return one_over_one_plus(fraction), integer_bits - leading_zeros


def one_over_one_plus(x: Int64) -> Int64:
    """Return 1 / (1 + x) of x in [0, 1), both Q0.31: three steps of Newton's method."""
    half_denominator = (x + _INT32_MAX + 1) >> 1
    guess = doubling_high_multiply(half_denominator, _MINUS_32_OVER_17) + _48_OVER_17
    for _ in range(3):
        error = _ONE_Q2 - doubling_high_multiply(half_denominator, guess)
        guess = guess + (doubling_high_multiply(guess, error) << 2)
    return np.minimum(guess << 1, _INT32_MAX)
