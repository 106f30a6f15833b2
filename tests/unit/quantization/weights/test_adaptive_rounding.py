"""Adaptive rounding never loses to rounding to the nearest, and wins where inputs correlate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgec.ir import Array
from edgec.quantization.weights.adaptive_rounding import quadratic_error, round_rows

LIMIT = 127


def problem(seed: int, outputs: int = 5, inputs: int = 12) -> tuple[Array, Array, Array]:
    """Return weights, a hessian of correlated inputs, and scales."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((40, inputs)) @ rng.standard_normal((inputs, inputs))
    hessian = x.T @ x / 40 + 0.01 * np.eye(inputs)
    weights = rng.standard_normal((outputs, inputs))
    return weights, hessian, np.abs(weights).max(axis=1) / rng.integers(7, LIMIT)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_it_is_never_worse_than_the_nearest_integers(seed: int) -> None:
    weights, hessian, scales = problem(seed)
    got = round_rows(weights, hessian, scales, LIMIT)
    nearest = np.clip(np.rint(weights / scales[:, None]), -LIMIT, LIMIT)
    errors = [quadratic_error(q * scales[:, None] - weights, hessian) for q in (got, nearest)]
    assert (errors[0] <= errors[1] * (1 + 1e-9)).all()
    assert (np.abs(got) <= LIMIT).all()
    np.testing.assert_array_equal(got, np.rint(got))


def test_correlated_inputs_gain_several_decibels() -> None:
    weights, hessian, scales = problem(1, outputs=32, inputs=24)
    scales = np.full(32, np.abs(weights).max() / 15)
    got = round_rows(weights, hessian, scales, LIMIT)
    errors = [
        quadratic_error(q * scales[:, None] - weights, hessian).sum()
        for q in (got, np.rint(weights / scales[:, None]))
    ]
    assert errors[0] < 0.3 * errors[1]


def test_uncorrelated_inputs_leave_the_nearest_integers() -> None:
    weights, _, scales = problem(2)
    got = round_rows(weights, np.diag(np.linspace(0.1, 3, 12)), scales, LIMIT)
    np.testing.assert_array_equal(got, np.rint(weights / scales[:, None]))


def test_weights_beyond_the_limit_are_clipped() -> None:
    got = round_rows(np.array([[300.0, -2.0]]), np.eye(2), np.ones(1), LIMIT)
    np.testing.assert_array_equal(got, [[127, -2]])


def test_a_limit_of_zero_keeps_a_weight_zero_and_others_make_up() -> None:
    weights, hessian = np.array([[4.0, 7.0], [4.0, 7.0]]), np.array([[1.0, 0.9], [0.9, 1.0]])
    limits = np.array([[LIMIT, LIMIT], [0, LIMIT]])
    got = round_rows(weights, hessian, np.ones(2), limits)
    np.testing.assert_array_equal(got, [[4, 7], [0, 11]])


def test_the_error_is_the_quadratic_form() -> None:
    assert quadratic_error(np.array([[1.0, 2.0]]), np.array([[2.0, 1.0], [1.0, 3.0]])) == (
        pytest.approx(18.0)
    )
