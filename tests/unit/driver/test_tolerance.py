"""How far outputs may be off: integers not at all, floats by a share of the largest."""

import numpy as np
import pytest

from edgec.driver.tolerance import tolerance_of
from edgec.ir import DType


@pytest.mark.parametrize("dtype", [DType.INT8, DType.UINT8, DType.INT16, DType.INT32])
def test_integers_are_exact(dtype: DType) -> None:
    want = np.array([1, 2, 3], dtype.numpy)
    have = want.copy()
    assert not tolerance_of(dtype).differs(want, have).any()
    have[1] += 1
    assert tolerance_of(dtype).differs(want, have).tolist() == [False, True, False]


def test_floats_are_held_to_the_largest_magnitude() -> None:
    want = np.array([1000.0, 0.001, -3.0], np.float32)
    tolerance = tolerance_of(DType.FLOAT32)
    assert not tolerance.differs(want, want + np.float32(0.005)).any()
    assert tolerance.differs(want, want + np.float32(0.02)).all()


def test_what_is_no_number_equals_itself_only() -> None:
    want = np.array([np.nan, np.inf, -np.inf, 1.0], np.float32)
    tolerance = tolerance_of(DType.FLOAT32)
    assert not tolerance.differs(want, want).any()
    have = np.array([1.0, -np.inf, np.nan, np.nan], np.float32)
    assert tolerance.differs(want, have).all()


def test_all_zeros_leave_no_room() -> None:
    zeros = np.zeros(3, np.float32)
    assert tolerance_of(DType.FLOAT32).differs(zeros, zeros + np.float32(1e-30)).all()
