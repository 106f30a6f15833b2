"""The fit against NumPy's own least squares, with and without a mask."""

import numpy as np
import pytest

from edgec.ir import Array
from edgec.pruning.least_squares import Sums, refit

RNG = np.random.default_rng(0)
GROUPS, ROWS, INPUTS, OUTPUTS = 2, 300, 7, 3
X = RNG.standard_normal((GROUPS, ROWS, INPUTS)) + 1.5
TRUE = RNG.standard_normal((GROUPS, OUTPUTS, INPUTS))
BIAS = RNG.standard_normal((GROUPS, OUTPUTS))


def halves(x: Array, y: Array) -> list[Sums]:
    return [Sums.of(x[:, ::2], y[:, ::2]), Sums.of(x[:, 1::2], y[:, 1::2])]


def outputs(weights: Array, bias: Array) -> Array:
    found: Array = X @ weights.transpose(0, 2, 1) + bias[:, None, :]
    return found


def test_a_linear_layer_is_found_again() -> None:
    weights, bias = refit(halves(X, outputs(TRUE, BIAS)), np.zeros_like(TRUE), None)
    np.testing.assert_allclose(weights, TRUE, atol=1e-4)
    np.testing.assert_allclose(bias, BIAS, atol=1e-3)


def test_under_a_mask_each_output_is_fitted_to_its_own_inputs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edgec.pruning.least_squares.RIDGES", (1e-9,))
    y = outputs(TRUE, BIAS) + 0.1 * RNG.standard_normal((GROUPS, ROWS, OUTPUTS))
    mask = RNG.random(TRUE.shape) < 0.6
    weights, bias = refit(halves(X, y), TRUE * mask, mask)
    assert (weights[~mask] == 0).all()
    for group in range(GROUPS):
        for output in range(OUTPUTS):
            support = mask[group, output]
            table = np.column_stack([X[group][:, support], np.ones(ROWS)])
            expected = np.linalg.lstsq(table, y[group, :, output], rcond=None)[0]
            found = np.append(weights[group, output, support], bias[group, output])
            np.testing.assert_allclose(found, expected, atol=1e-4)


def test_what_the_samples_do_not_tell_stays() -> None:
    """An input that is constant, and more inputs than rows: the weights stay near the old ones."""
    x = X[:, :4].copy()
    x[..., 0] = 3
    y = (x @ TRUE.transpose(0, 2, 1)) + BIAS[:, None, :]
    weights, bias = refit([Sums.of(x, y)], TRUE, None)
    np.testing.assert_allclose(weights, TRUE, atol=1e-6)
    np.testing.assert_allclose(bias, BIAS, atol=1e-5)


def test_noise_is_not_fitted() -> None:
    """Cross-validation keeps the old weights where the samples say nothing but noise."""
    x, noise = RNG.standard_normal((1, 20, 30)), RNG.standard_normal((1, 20, 2))
    old = np.zeros((1, 2, 30))
    weights, _ = refit(halves(x, noise), old, None)
    free = np.linalg.lstsq(x[0], noise[0], rcond=None)[0]
    assert np.square(weights).sum() < 0.3 * np.square(free).sum()


@pytest.mark.parametrize("masked", [False, True])
def test_dead_inputs_do_no_harm(masked: bool) -> None:
    x = np.zeros((1, 10, 4))
    mask = np.ones((1, 2, 4), np.bool_) if masked else None
    y = np.full((1, 10, 2), 5.0)
    weights, bias = refit(halves(x, y), np.ones((1, 2, 4)), mask)
    np.testing.assert_allclose(weights, 1)
    np.testing.assert_allclose(bias, 5)


def test_inputs_that_hardly_vary_do_not_blow_up() -> None:
    """What is constant but for rounding says nothing: any multiple of it would fit."""
    x = 3 + 1e-7 * RNG.standard_normal((1, 40, 4)).astype(np.float32)
    y = RNG.standard_normal((1, 40, 2))
    weights, bias = refit(halves(x, y), np.ones((1, 2, 4)), None)
    np.testing.assert_allclose(weights, 1, atol=0.01)
    np.testing.assert_allclose(bias[0], y[0].mean(axis=0) - 12, atol=0.2)
