"""Natural logarithm in 32-bit fixed point, bit for bit as TFLite's LOG_SOFTMAX computes it.

Qm.n is an int32 with m integer and n = 31 - m fraction bits, in int64 arrays here. The mirror in C
is ``runtime_c/src/support/fixed_point_log.h``.
"""

import numpy as np

from edgec.ir import Array
from edgec.ops.numerics.fixed_point import (
    Int64,
    doubling_high_multiply,
    rounding_right_shift,
    wrap_int32,
)
from edgec.ops.numerics.fixed_point_exp import one_over_one_plus

_INT32_MAX = 2**31 - 1
_WORK_BITS = 6  # integer bits of sums, one more than of results
_LOG_2 = 1488522236  # this and the following in Q0.31
_ROOT_HALF = 1518500250  # sqrt(1/2)
_FOURTH_ROOT_HALF = 1805811301  # sqrt(sqrt(1/2))
_QUARTER = 1 << 23  # 1/4 in Q6.25
_A_N, _A_D, _A_I, _A_F = 117049297, 127690142, 1057819769, 638450708
"""Coefficients of a quotient of polynomials that is log(r) for r from 2**-3/4 to 2**-1/4."""


def log_from_one(x: Array, integer_bits: int) -> Int64:
    """Return log(x) in Q5.26 of x >= 1 in Q``integer_bits``.

    x is r * 2**n with r around sqrt(sqrt(1/2)); of two ways to choose n, one has such an r.
    """
    x = np.asarray(x, np.int64)
    zeros = _leading_zeros(x)
    r_a = np.minimum(doubling_high_multiply(x << (zeros - 1), _ROOT_HALF) << 1, _INT32_MAX)
    n_a = _exponent(integer_bits - zeros) + _QUARTER
    headroom = _leading_zeros(doubling_high_multiply(x, _ROOT_HALF)) - 1
    r_b = np.minimum(x << headroom, _INT32_MAX)
    n_b = _exponent(integer_bits - headroom) - _QUARTER
    log_r = _log_of_fraction(np.minimum(r_a, r_b))
    total = doubling_high_multiply(np.maximum(n_a, n_b), _LOG_2) + log_r
    return np.clip(wrap_int32(total) << 1, -(2**31), _INT32_MAX)


def _exponent(n: Int64) -> Int64:
    return np.clip(n << (31 - _WORK_BITS), -(2**31), _INT32_MAX)


def _log_of_fraction(r: Int64) -> Int64:
    """Return log(r) + 1/4 log(2) of r around 2**-1/4 in Q0.31, in Q6.25."""
    mul = doubling_high_multiply
    total = r + _FOURTH_ROOT_HALF
    p = np.where(total >= 0, (total + 1) >> 1, -((1 - total) >> 1))
    q = (r - _FOURTH_ROOT_HALF) << 1
    q2 = mul(q, q)
    numerator = mul(q, r) + mul(mul(q, q2), _A_N)
    denominator = mul(p, _A_I + q + mul(q2, _A_D)) + mul(q, _A_F)
    return mul(rounding_right_shift(numerator, _WORK_BITS), one_over_one_plus(denominator))


def _leading_zeros(x: Int64) -> Int64:
    """Return how many of the 32 bits of a positive int32 are 0 before the first 1."""
    return 32 - np.frexp(x.astype(np.float64))[1].astype(np.int64)
