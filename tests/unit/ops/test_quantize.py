import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.ir import DType, QParams, Signature, TensorType
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.conversion.quantize import Quantize, quantize_floats, requantize_integers


def int8(count: int, scale: float, zero_point: int = 0) -> TensorType:
    return TensorType((count,), DType.INT8, QParams.per_tensor(scale, zero_point))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, 1),
        (-0.5, -1),
        (1.5, 2),
        (2.5, 3),
        (-2.5, -3),
        (0.49999997, 0),
        (1e30, 127),
        (-1e30, -128),
        (np.inf, 127),
        (-np.inf, -128),
        (np.nan, 0),
    ],
)
def test_floats_round_half_away_and_saturate(value: float, expected: int) -> None:
    assert quantize_floats(np.array([value], np.float32), int8(1, 1.0)).tolist() == [expected]


def test_nan_is_the_zero_point() -> None:
    assert quantize_floats(np.array([np.nan], np.float32), int8(1, 0.1, -7)).tolist() == [-7]


scales = st.floats(1e-6, 1e6)
zero_points = st.integers(-128, 127)
ALL = np.arange(-128, 128).astype(np.int8)


@given(scale=scales, zero_point=zero_points)
def test_quantize_undoes_dequantize(scale: float, zero_point: int) -> None:
    kind = int8(256, scale, zero_point)
    assert quantize_floats(dequantized(ALL, kind), kind).tolist() == ALL.tolist()


@given(source=scales, target=scales, z1=zero_points, z2=zero_points)
def test_requantization_is_the_real_one_within_two_roundings(
    source: float, target: float, z1: int, z2: int
) -> None:
    kinds = int8(256, source, z1), int8(256, target, z2)
    exact = (ALL.astype(float) - z1) * source / target + z2
    if source / target < 2**20:  # beyond, 32-bit accumulators overflow
        error = requantize_integers(ALL, *kinds) - np.clip(exact, -128, 127)
        assert np.max(np.abs(error)) <= 0.76


def test_quantize_of_bool_is_refused() -> None:
    with pytest.raises(ValueError, match="bool"):
        Quantize().infer([TensorType((3,), DType.BOOL)])


def test_quantize_of_int8_keeps_all_values_where_nothing_changes() -> None:
    kind = int8(256, 0.3, 5)
    (same,) = Quantize().evaluate([ALL], Signature((kind,), (kind,)))
    assert same.tolist() == ALL.tolist()
