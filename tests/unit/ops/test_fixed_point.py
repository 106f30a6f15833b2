"""Requantization against exact rational arithmetic: an oracle that shares no code with it."""

from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgec.ops.numerics.fixed_point import (
    doubling_high_multiply,
    integer_matmul,
    quantize_multiplier,
    requantize,
    requantize_wide,
    rounding_right_shift,
    wrap_int32,
)

INT32 = st.integers(-(2**31), 2**31 - 1)
MULTIPLIER = st.integers(2**30, 2**31 - 1)


def half_up(x: Fraction) -> int:
    return floor(x + Fraction(1, 2))


def half_away(x: Fraction) -> int:
    return floor(x + Fraction(1, 2)) if x >= 0 else -floor(-x + Fraction(1, 2))


@given(INT32, MULTIPLIER)
def test_high_multiply_rounds_halves_up(x: int, multiplier: int) -> None:
    exact = half_up(Fraction(x * multiplier, 2**31))
    assert int(doubling_high_multiply(np.array(x), multiplier)) == min(exact, 2**31 - 1)


@given(INT32, st.integers(0, 31))
def test_right_shift_rounds_halves_away(x: int, exponent: int) -> None:
    assert int(rounding_right_shift(np.array(x), exponent)) == half_away(Fraction(x, 2**exponent))


@given(INT32, MULTIPLIER, st.integers(-31, 8))
def test_requantize_is_two_exact_roundings(x: int, multiplier: int, shift: int) -> None:
    widened = (x << max(shift, 0)) & 0xFFFFFFFF
    widened -= (widened >> 31) << 32
    high = min(half_up(Fraction(widened * multiplier, 2**31)), 2**31 - 1)
    expected = half_away(Fraction(high, 2 ** max(-shift, 0)))
    assert int(requantize(np.array(x), multiplier, shift)) == expected


@given(st.floats(1e-9, 1e6))
def test_multiplier_is_the_nearest_q31(factor: float) -> None:
    multiplier, shift = quantize_multiplier(factor)
    assert 2**30 <= multiplier < 2**31
    error = abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) - Fraction(factor))
    assert error <= Fraction(2) ** (shift - 32)


def test_factors_out_of_range() -> None:
    assert quantize_multiplier(0.0) == (0, 0)
    assert quantize_multiplier(2.0**-40) == (0, 0)
    assert quantize_multiplier(1.0) == (2**30, 1)


def test_wrap_is_twos_complement() -> None:
    values = np.array([2**31, -(2**31) - 1, 2**32 + 5, -7])
    assert wrap_int32(values).tolist() == [-(2**31), 2**31 - 1, 5, -7]


@given(st.integers(1, 8), st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_matmul_is_exact(rows: int, depth: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(-255, 256, (rows, depth))
    b = rng.integers(-128, 128, (depth, 3))
    assert integer_matmul(a, b).tolist() == (a @ b).tolist()


@given(st.integers(-(2**46), 2**46), MULTIPLIER, st.integers(-31, 7))
def test_wide_sums_round_once_with_a_multiplier_of_16_bits(
    x: int, multiplier: int, shift: int
) -> None:
    reduced = min(half_up(Fraction(multiplier, 2**16)), 2**15 - 1)
    exact = half_up(Fraction(x * reduced, 2**15) * Fraction(2) ** shift)
    assert int(requantize_wide(np.array(x), multiplier, shift)) == int(wrap_int32(np.array(exact)))
