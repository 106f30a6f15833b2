"""Scales and zero points: 0 is exact, the range fits, degenerate cases are sane."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.quantization.ranges.observers import Range
from edgec.quantization.ranges.parameters import (
    activation_qparams,
    power_of_two_qparams,
    quantize_bias,
    quantize_weights,
    weight_qparams,
    weight_scales,
)

REALS = st.floats(-1e6, 1e6, width=32)


@given(REALS, REALS)
def test_zero_is_exact_and_the_range_fits(a: float, b: float) -> None:
    seen = Range(min(a, b), max(a, b))
    q = activation_qparams(seen)
    assert -128 <= q.zero_point <= 127
    assert q.scale > 0
    lowest, highest = (q.scale * (each - q.zero_point) for each in (-128, 127))
    slack = 0.51 * q.scale
    assert lowest - slack <= min(seen.low, 0)
    assert max(seen.high, 0) <= highest + slack


@pytest.mark.parametrize(
    ("seen", "scale", "zero_point"),
    [
        (Range(0, 1), 1 / 255, -128),
        (Range(0.5, 1), 1 / 255, -128),
        (Range(-1, 0), 1 / 255, 127),
        (Range(-128, 127), 1, 0),
        (Range(0, 0), 1, 0),
    ],
)
def test_known_ranges(seen: Range, scale: float, zero_point: int) -> None:
    q = activation_qparams(seen)
    assert (q.scale, q.zero_point) == (float(np.float32(scale)), zero_point)


def test_the_scale_can_be_bounded_from_below() -> None:
    assert activation_qparams(Range(0, 1e-6), smallest=0.5).scale == 0.5
    assert activation_qparams(Range(0, 1e-30)).scale > 0


@pytest.mark.parametrize(
    ("seen", "power"),
    [
        (Range(0, 0), -15),
        (Range(-0.6, 0.1), -15),
        (Range(-0.1, 0.7), -14),
        (Range(-3, 2), -12),
        (Range(0, 60), -9),
        (Range(-1e9, 0), -9),
    ],
)
def test_cells_have_powers_of_two_with_room_beyond_what_was_seen(seen: Range, power: int) -> None:
    assert power_of_two_qparams(seen).scales == (2.0**power,)


def test_weights_per_channel_reach_127_and_come_back() -> None:
    weights = np.array([[0.6, -2.0], [0.01, 0.004]], np.float32)
    scales = weight_scales(weights, 0, None, 1.0)
    assert quantize_weights(weights, scales, 0).tolist() == [[38, -127], [127, 51]]
    np.testing.assert_allclose(scales, [2 / 127, 0.01 / 127], rtol=1e-6)
    assert weight_qparams(scales, 0).axis == 0


def test_weights_per_tensor_have_one_scale() -> None:
    weights = np.array([[0.6, -2.0], [0.01, 0.004]], np.float32)
    scales = weight_scales(weights, None, None, 1.0)
    assert quantize_weights(weights, scales, None).tolist() == [[38, -127], [1, 0]]
    assert weight_qparams(scales, None).axis is None


def test_channels_of_zeros_get_the_scale_of_the_tensor() -> None:
    scales = weight_scales(np.array([[0, 0], [1, 2.54]], np.float32), 0, None, 1.0)
    np.testing.assert_allclose(scales, [0.02, 0.02])
    assert weight_scales(np.zeros((2, 2), np.float32), 0, None, 1.0).tolist() == [1, 1]


@pytest.mark.parametrize("axis", [0, None])
def test_a_bias_too_large_for_its_scale_raises_the_scale(axis: int | None) -> None:
    """A channel of tiny weights and an ordinary bias would overflow int32."""
    weights, bias = np.array([[1e-9], [1.0]], np.float32), np.array([5.0, 5e9], np.float32)
    scales = weight_scales(weights, axis, bias, 0.01)
    steps = quantize_bias(bias, scales * np.float32(0.01))
    assert np.abs(steps.astype(np.int64)).max() <= 2**30 + 2**8
    products = scales * np.float32(0.01)
    np.testing.assert_allclose(steps * products, bias, rtol=1e-6, atol=products.max() / 2)
