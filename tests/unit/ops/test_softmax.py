import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgec.ir import DType, QParams, Signature, TensorType
from edgec.ops.activations.softmax import Softmax
from edgec.ops.numerics.fixed_point_exp import exp_of_negative, reciprocal

OUTPUT = QParams.per_tensor(1 / 256, -128)


def test_exponential_is_the_real_one() -> None:
    x = -np.arange(0, 31 * 2**26, 12_345_678)
    real = np.exp(x / 2**26)
    np.testing.assert_allclose(exp_of_negative(x) / 2**31, real, rtol=1e-5, atol=2e-8)


@given(st.integers(2**19, 2**31 - 1))
def test_reciprocal_is_the_real_one(x: int) -> None:
    factor, exponent = reciprocal(np.array(x), 12)
    assert abs(float(factor) / 2**31 * 2.0 ** -float(exponent) * (x / 2**19) - 1) < 1e-6


@given(
    row=st.lists(st.integers(-128, 127), min_size=1, max_size=40),
    scale=st.floats(1e-3, 2.0),
    beta=st.floats(0.1, 4.0),
)
def test_integers_follow_the_real_softmax(row: list[int], scale: float, beta: float) -> None:
    x = np.array([row], np.int8)
    kind = TensorType(x.shape, DType.INT8, QParams.per_tensor(scale, 5))
    signature = Signature((kind,), (kind.with_qparams(OUTPUT),))
    (y,) = Softmax(beta=beta).evaluate([x], signature)
    powers = np.exp(beta * scale * (x.astype(np.float64) - x.max()))
    wanted = np.minimum(powers / powers.sum() * 256 - 128, 127)
    assert np.max(np.abs(y - wanted)) <= 0.51


def test_a_flat_row_of_a_thousand_is_all_zero() -> None:
    kind = TensorType((1, 1000), DType.INT8, QParams.per_tensor(0.1))
    signature = Signature((kind,), (kind.with_qparams(OUTPUT),))
    (y,) = Softmax().evaluate([np.zeros((1, 1000), np.int8)], signature)
    assert set(y.ravel().tolist()) == {-128}
