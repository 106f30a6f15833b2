"""Integer semantics of unary operators against the real function; tables against evaluation."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgec.ir import Array, DType, QParams, Signature, TensorType
from edgec.ops.activations.clip import Clip
from edgec.ops.activations.hard_swish import HardSwish
from edgec.ops.activations.leaky_relu import LeakyRelu
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.tanh import Tanh
from edgec.ops.functions.unary import Unary, lookup_table
from edgec.ops.operator import Activation

ALL = np.arange(-128, 128).astype(np.int8)
FUNCTIONS: list[tuple[Unary, Callable[[Array], Array]]] = [
    (Logistic(), lambda x: 1 / (1 + np.exp(-x))),
    (Tanh(), np.tanh),
    (Relu(), lambda x: np.maximum(x, 0)),
    (Relu(activation=Activation.RELU6), lambda x: np.clip(x, 0, 6)),
    (Relu(activation=Activation.RELU_N1_TO_1), lambda x: np.clip(x, -1, 1)),
    (Clip(low=-0.3, high=0.8), lambda x: np.clip(x, -0.3, 0.8)),
    (LeakyRelu(alpha=0.2), lambda x: np.where(x < 0, 0.2 * x, x)),
    (HardSwish(), lambda x: x * np.clip(x + 3, 0, 6) / 6),
]


def types(source: QParams, target: QParams) -> Signature:
    kinds = [TensorType((256,), DType.INT8, each) for each in (source, target)]
    return Signature((kinds[0],), (kinds[1],))


def tolerance(op: Unary) -> float:
    """Half a step; half as much again where two roundings follow each other."""
    if isinstance(op, HardSwish):
        return 1.02  # computes in 16 bits
    return 0.51 if op.fixed_output else 0.76


@pytest.mark.parametrize(("op", "function"), FUNCTIONS, ids=[str(op) for op, _ in FUNCTIONS])
@settings(max_examples=40, deadline=None)
@given(
    scale=st.floats(0.01, 0.1),
    target=st.floats(0.01, 0.1),
    zero_points=st.tuples(st.integers(-128, 127), st.integers(-128, 127)),
)
def test_integers_follow_the_real_function(
    op: Unary,
    function: Callable[[Array], Array],
    scale: float,
    target: float,
    zero_points: tuple[int, int],
) -> None:
    signature = types(
        QParams.per_tensor(scale, zero_points[0]), QParams.per_tensor(target, zero_points[1])
    )
    real = function(scale * (ALL.astype(np.float64) - zero_points[0]))
    wanted = np.clip(real / target + zero_points[1], -128, 127)
    assert np.max(np.abs(lookup_table(op, signature) - wanted)) <= tolerance(op)


@pytest.mark.parametrize(("op", "function"), FUNCTIONS, ids=[str(op) for op, _ in FUNCTIONS])
def test_floats_are_the_real_function(op: Unary, function: Callable[[Array], Array]) -> None:
    x = np.linspace(-90, 90, 1001).astype(np.float32)
    kind = TensorType(x.shape)
    (y,) = op.evaluate([x], Signature((kind,), (kind,)))
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, function(x.astype(np.float64)), rtol=1e-5, atol=1e-6)


def test_a_table_serves_tensors_of_any_shape() -> None:
    signature = types(QParams.per_tensor(0.1), QParams.per_tensor(1 / 256, -128))
    wide = Signature(
        (signature.inputs[0].with_shape((1, 3, 3, 8)),),
        (signature.output.with_shape((1, 3, 3, 8)),),
    )
    (expected,) = Logistic().evaluate([ALL], signature)
    assert lookup_table(Logistic(), wide).tolist() == expected.tolist()
