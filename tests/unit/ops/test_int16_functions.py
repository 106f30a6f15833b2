"""int16 functions by table: as near to the real ones as 16 bits and a straight line allow."""

from collections.abc import Callable

import numpy as np
import pytest
from ops.case import int16

from edgec.ir import Array, DType, QParams, Signature, TensorType
from edgec.ops.activations.elu import Elu
from edgec.ops.activations.gelu import Gelu
from edgec.ops.activations.hard_swish import HardSwish
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.activations.tanh import Tanh
from edgec.ops.functions.exp import Exp
from edgec.ops.functions.neg import Neg
from edgec.ops.functions.reciprocal import Reciprocal
from edgec.ops.functions.unary import Tabulated
from edgec.ops.layers.normalization import Normalization
from edgec.ops.numerics.interpolation import interpolate, interpolated_table
from edgec.ops.numerics.sigmoid_table import input_factor, sigmoid_table
from edgec.ops.operator import Operator

EVERY = np.arange(-(2**15), 2**15).astype(np.int16)
OUTPUT = QParams.per_tensor(2.0**-15)


def evaluated(op: Operator, x: Array, scale: float) -> Array:
    """Return the results of an int16 operator as real numbers."""
    kinds = int16(x.shape, scale), TensorType(x.shape, DType.INT16, OUTPUT)
    (y,) = op.evaluate([x], Signature((kinds[0],), (kinds[1],)))
    assert y.dtype == np.int16
    return np.asarray(y / 2.0**15)


@pytest.mark.parametrize("scale", [2.0**-12, 2.0**-11, 1e-4, 3.7e-4, 0.01])
@pytest.mark.parametrize(
    ("op", "real"), [(Logistic(), lambda x: 1 / (1 + np.exp(-x))), (Tanh(), np.tanh)]
)
def test_sigmoids_are_near(op: Operator, real: Callable[[Array], Array], scale: float) -> None:
    exact = real(EVERY * np.float64(np.float32(scale)))
    assert np.abs(evaluated(op, EVERY, scale) - exact).max() < 5 * 2.0**-15


def test_softmax_is_near_and_sums_to_one() -> None:
    x = np.random.default_rng(0).integers(-(2**15), 2**15, (200, 10)).astype(np.int16)
    scale = float(np.float32(2e-4))
    powers = np.exp((x - x.max(axis=1, keepdims=True).astype(np.float64)) * scale)
    exact = powers / powers.sum(axis=1, keepdims=True)
    got = evaluated(Softmax(), x, scale)
    assert np.abs(got - exact).max() < 10 * 2.0**-15
    assert np.abs(got.sum(axis=1) - 1).max() < 20 * 2.0**-15


def test_a_straight_line_is_hit_everywhere() -> None:
    table = interpolated_table(lambda x: x / 2, -1.0, 1.0)
    assert table.shape == (513,)
    np.testing.assert_allclose(interpolate(table, EVERY.astype(np.int64)), EVERY / 2, atol=1)


def test_the_sigmoid_table_rises_from_half_to_one() -> None:
    table = sigmoid_table().astype(np.int64)
    assert (table[0], table[-1], len(table)) == (2**15, 2**16 - 1, 256)
    assert np.all(np.diff(table) >= 0)


@pytest.mark.parametrize(
    ("scale", "doubled", "expected"),
    [
        (2.0**-12, False, (3, 0)),
        (2.0**-11, True, (6, 0)),
        (2.0**-11, False, (24576, 12)),
        (2.0**-10, True, (24576, 11)),
        (2.0, False, (24576, 0)),
    ],
)
def test_units_of_the_table(scale: float, *, doubled: bool, expected: tuple[int, int]) -> None:
    assert input_factor(scale, doubled=doubled) == expected


@pytest.mark.parametrize(
    ("op", "scale", "limit"),
    [(Gelu(), 2e-4, 3), (Exp(), 1e-4, 6), (Elu(), 2e-4, 3), (HardSwish(), 2e-4, 10)],
)
def test_tables_are_nearer_than_int8_can_be(op: Tabulated, scale: float, limit: int) -> None:
    x = EVERY * np.float32(scale)
    exact = op.of_floats(x)
    target = QParams.per_tensor(float(np.abs(exact).max() / 32767))
    kinds = int16(x.shape, scale), TensorType(x.shape, DType.INT16, target)
    (y,) = op.evaluate([EVERY], Signature((kinds[0],), (kinds[1],)))
    assert np.abs(y * target.scale - exact).max() < limit * target.scale


def test_a_pole_leaves_the_samples_around_it_alone() -> None:
    kinds = int16(EVERY.shape, 1e-3), TensorType(EVERY.shape, DType.INT16, QParams.per_tensor(1e-3))
    (y,) = Reciprocal().evaluate([EVERY], Signature((kinds[0],), (kinds[1],)))
    far = np.abs(EVERY.astype(np.int64)) > 2000
    np.testing.assert_allclose(y[far], 1e6 / EVERY[far], atol=2)
    assert np.all(y[(EVERY < -128)] <= 0)


def test_int16_negation_is_exact() -> None:
    kinds = int16(EVERY.shape, 1e-3), TensorType(EVERY.shape, DType.INT16, QParams.per_tensor(1e-3))
    (y,) = Neg().evaluate([EVERY], Signature((kinds[0],), (kinds[1],)))
    np.testing.assert_array_equal(y, np.minimum(-EVERY.astype(np.int64), 32767))


@pytest.mark.parametrize("size", [16, 513, 16384])
def test_normalization_has_fourteen_bits_and_more(size: int) -> None:
    rng = np.random.default_rng(size)
    x = rng.integers(-9000, 9000, (4, size)).astype(np.int16)
    gain, offset = (rng.standard_normal((1, size)).astype(np.float32) for _ in range(2))
    parameters = TensorType(gain.shape), TensorType(gain.shape)
    kinds = int16(x.shape, 1e-3), int16(x.shape, 5e-4)
    op = Normalization(axes=(1,))
    (steps,) = op.evaluate([x, gain, offset], Signature((kinds[0], *parameters), (kinds[1],)))
    real = TensorType(x.shape)
    floats = [(x * np.float32(1e-3)).astype(np.float32), gain, offset]
    (exact,) = op.evaluate(floats, Signature((real, *parameters), (real,)))
    assert np.abs(steps * 5e-4 - exact).max() < 5e-4 * (1 if size < 1000 else 4)
