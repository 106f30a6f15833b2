"""Summaries add up; every method gives a sensible range; the searched tail looks ahead."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgec.ir import Array
from edgec.quantization.ranges.observers import (
    METHODS,
    Histogram,
    Range,
    Summary,
    careful_tail,
    entropy,
    moving_average,
    mse,
    percentile,
    squared_error,
    tail,
)

finite = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 40)),
    elements=st.floats(-1e6, 1e6, width=32),
)


def heavy_tailed(count: int = 64) -> Array:
    return np.random.default_rng(0).laplace(size=(count, 500)).astype(np.float32)


@given(finite, finite)
def test_summaries_of_parts_add_up_to_that_of_all(one: Array, two: Array) -> None:
    both = Summary.of(one) + Summary.of(two)
    assert both.extremes == Range(
        float(min(one.min(), two.min())), float(max(one.max(), two.max()))
    )
    assert both.histogram.counts.sum() == one.size + two.size


@given(finite)
def test_every_element_lies_in_its_bin(x: Array) -> None:
    made = Histogram.of(x)
    inside, _ = np.histogram(x.astype(np.float64), made.edges)
    np.testing.assert_array_equal(inside[:-1], made.counts[:-1])
    assert len(made.counts) <= 2049


@given(finite)
def test_calibrated_ranges_lie_within_the_extremes(x: Array) -> None:
    seen = Summary.of(x)
    for name, method in METHODS.items():
        got = method(seen)
        assert seen.extremes.low <= got.low <= got.high + 1e-30 or got.high >= 0, name
        assert got.low >= seen.extremes.low - 1e-6 * abs(seen.extremes.low), name
        assert got.high <= seen.extremes.high + 1e-6 * abs(seen.extremes.high), name


def test_percentile_leaves_out_the_named_share_on_both_sides() -> None:
    x = np.linspace(-1, 1, 100_000, dtype=np.float32).reshape(10, -1)
    got = percentile(Summary.of(x), 90)
    assert got.low == pytest.approx(-0.9, abs=2e-3)
    assert got.high == pytest.approx(0.9, abs=2e-3)


def test_moving_average_follows_the_samples_extremes() -> None:
    x = np.array([[-1, 1], [-1, 1], [-11, 11]], np.float32)
    assert moving_average(Summary.of(x), 0.1) == Range(-2.0, 2.0)


def test_the_mse_range_has_less_error_than_the_extremes() -> None:
    x = heavy_tailed()
    x[0, 0] = 60.0
    seen = Summary.of(x)
    assert squared_error(seen.histogram, mse(seen)) < squared_error(seen.histogram, seen.extremes)
    assert mse(seen).high < seen.extremes.high


def test_entropy_drops_a_lonely_outlier() -> None:
    x = np.random.default_rng(1).standard_normal((64, 500)).astype(np.float32)
    x[0, 0] = 100.0
    assert entropy(Summary.of(x)).high < 70


def test_the_tail_expects_more_than_was_seen_and_more_with_care() -> None:
    x = np.random.default_rng(2).standard_exponential((32, 20)).astype(np.float32)
    seen = Summary.of(x)
    assert tail(seen).low == 0.0
    assert careful_tail(seen).high > tail(seen).high > 0.8 * seen.extremes.high
    assert careful_tail(seen).high > seen.extremes.high


@pytest.mark.parametrize("method", [*METHODS.values(), tail, careful_tail])
def test_a_value_that_is_always_the_same_has_its_range(method: object) -> None:
    assert callable(method)
    assert method(Summary.of(np.zeros((3, 4), np.float32))) == Range(0.0, 0.0)
    assert method(Summary.of(np.full((3, 4), 2.0, np.float32))).high == pytest.approx(2.0)
