"""Samples far off the others are named and left out; loud ones and rare events are not."""

import numpy as np
import pytest
from small_nets import class_labels

from edgec.ir import Array, ValueName
from edgec.quantization.samples.outliers import without_outliers
from edgec.quantization.samples.samples import Samples

X = ValueName("x")


def images(count: int = 128) -> Array:
    return np.random.default_rng(3).uniform(-1, 1, (count, 8, 8, 1)).astype(np.float32)


def screened(x: Array) -> Samples:
    return without_outliers(Samples({X: x}, class_labels(np.arange(len(x)))), "calib.npz")


def test_a_spike_is_named_and_its_sample_left_out() -> None:
    x = images()
    x[37, 2, 3, 0] = -1e4
    found = screened(x)
    np.testing.assert_array_equal(found.arrays[X], np.delete(x, 37, axis=0))
    (labels,) = found.labels
    assert labels.values.tolist() == [*range(37), *range(38, 128)]
    (warning,) = found.warnings
    assert warning.startswith("calib.npz: 'x': sample 37 (-1e+04): up to 1e+04 times the 0.9999 ")


@pytest.mark.parametrize("bad", [[5], [5, 90], [0, 5, 17, 37, 90, 127]])
@pytest.mark.parametrize("factor", [20, 100])
def test_samples_of_another_scale_are_left_out(bad: list[int], factor: float) -> None:
    x = images()
    x[bad] *= factor
    found = screened(x)
    assert len(found) == 128 - len(bad)
    assert f"sample {bad[0]} " in found.warnings[0]


def test_quiet_samples_of_another_scale_go_with_the_loud_ones() -> None:
    x = images()
    x[90] /= 5
    x[[5, 37, 90]] *= 20
    assert len(screened(x)) == 125


def test_samples_of_all_inputs_and_their_warnings_go_together() -> None:
    x, y = images(40), images(40)
    x[3], y[8] = 1e3, 1e5
    found = without_outliers(Samples({X: x, ValueName("y"): y}, warnings=("known",)), "c")
    assert [len(each) for each in found.arrays.values()] == [38, 38]
    assert found.labels == ()
    assert found.warnings[0] == "known"
    assert "'x'" in found.warnings[1]
    assert "'y'" in found.warnings[2]


def test_what_may_be_right_is_kept() -> None:
    loud, many, events, few = images(), images(), images() * 0, images(7)
    loud[5] *= 6  # a whole sample
    many[:12] *= 100  # one in ten
    events[[5, 9]] = 1  # silence otherwise
    few[2] *= 100
    normal = np.random.default_rng(1).standard_normal((100, 10)).astype(np.float32)
    heavy = np.exp(np.random.default_rng(2).standard_normal((100, 10))).astype(np.float32)
    counts = np.random.default_rng(4).integers(0, 4, (128, 10)).astype(np.float32)
    counts[[5, 90], 3] = 12  # rare, and right
    for x in (images(), loud, many, events, few, normal, heavy, counts):
        found = screened(x)
        assert len(found) == len(x)
        assert not found.warnings
