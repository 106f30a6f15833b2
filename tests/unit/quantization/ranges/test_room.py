"""Room beyond the extremes: the more, the fewer samples; none at ends that nothing exceeds."""

import numpy as np
import pytest

from edgec.ir import Array
from edgec.quantization.ranges.observers import Range, Summary
from edgec.quantization.ranges.room import doubled, with_room


def ramp(count: int) -> Array:
    """Return samples of which one alone reaches 4, and one alone -2."""
    return np.linspace(-2, 4, count).reshape(-1, 1)


@pytest.mark.parametrize(("count", "room"), [(2, 1.0), (5, 1.0), (10, 0.5), (100, 0.05)])
def test_fewer_samples_leave_more_room(count: int, room: float) -> None:
    assert with_room(Summary.of(ramp(count))) == Range(-2 * (1 + room), 4 * (1 + room))


def test_samples_of_one_class_leave_the_most() -> None:
    assert doubled(Summary.of(ramp(500))) == Range(-4, 8)


def test_ends_that_many_samples_reach_are_kept() -> None:
    x = np.stack([np.zeros(8), np.linspace(0.1, 1, 8)], axis=1)
    x[:3, 1] = 1
    assert with_room(Summary.of(x)) == doubled(Summary.of(x)) == Range(0, 1)
    x[:3, 1] = 0.5
    assert with_room(Summary.of(x)).high == pytest.approx(1 + 5 / 8)
