"""The affine form of sums: found for scales as calibration has them, and then right everywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lowering import lowered
from ops.case import int8, op_case

from edgec.backends.edgec_c.affine_sum import AffineSum, find_affine_sum, pairs_table
from edgec.ir import Op, QParams, Signature
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.sub import Sub
from edgec.ops.operator import Activation

Affine = tuple[float, int]


def signature(a: Affine, b: Affine, y: Affine) -> Signature:
    return Signature((int8((1, 8), *a), int8((1, 8), *b)), (int8((1, 8), *y),))


def form(op: Op, kinds: Signature, sign: int = 1) -> AffineSum | None:
    assert isinstance(op, Add | Sub)
    a, b = (each.quantization.scale / kinds.output.quantization.scale for each in kinds.inputs)
    return find_affine_sum(op, kinds, (a, sign * b), op.activation.quantized_bounds(kinds.output))


def drawn_affines(seed: int) -> tuple[Affine, Affine, Affine]:
    rng = np.random.default_rng(seed)
    scales = np.exp(rng.uniform(-6, 1, 2))
    result = scales.max() * rng.uniform(0.7, 2.2)
    zero_points = rng.integers(-128, 128, 3)
    a, b, y = zip((*scales, result), zero_points, strict=True)
    return (float(a[0]), int(a[1])), (float(b[0]), int(b[1])), (float(y[0]), int(y[1]))


@pytest.mark.parametrize(
    ("op", "sign"), [(Add(), 1), (Sub(), -1), (Add(activation=Activation.RELU6), 1)], ids=str
)
def test_calibrated_scales_have_a_form(op: Op, sign: int) -> None:
    found = 0
    for seed in range(40):
        kinds = signature(*drawn_affines(seed))
        made = form(op, kinds, sign)
        if made is not None:
            found += 1
            np.testing.assert_array_equal(made.table(), pairs_table(op, kinds))
    assert found >= 38


@given(
    st.tuples(st.floats(1e-4, 10), st.integers(-128, 127)),
    st.tuples(st.floats(1e-4, 10), st.integers(-128, 127)),
    st.tuples(st.floats(1e-4, 10), st.integers(-128, 127)),
)
@settings(max_examples=25, deadline=None)
def test_what_is_found_equals_the_reference_in_32_bits(a: Affine, b: Affine, y: Affine) -> None:
    kinds = signature(a, b, y)
    made = form(Add(), kinds)
    if made is None:
        return
    values = np.arange(-128, 128)
    products = np.add.outer(made.ka * values, made.kb * values)
    largest = max(np.abs(products).max(), np.abs(products + made.c).max())
    largest = max(largest, np.abs(made.ka * values + made.c).max())
    assert largest < 2**31
    assert 0 < made.shift < 32
    np.testing.assert_array_equal(made.table(), pairs_table(Add(), kinds))


def test_simple_fractions_have_none_and_the_kernel_says_so() -> None:
    """With scales 5 : 8.3 : 11 many sums lie halfway between two results: rounded up or down."""
    kinds = signature((0.05, 3), (0.083, -11), (0.11, 7))
    assert form(Add(), kinds) is None
    case = op_case("ties", Add(), kinds.inputs, [QParams.per_tensor(0.11, 7)])
    (step,) = lowered(case.graph, "cortex-m4", "edgec").steps
    assert step.backend == "cmsis_nn"
    (own,) = (each for each in step.considered if each.backend == "edgec")
    assert "simple fractions" in own.reason


def test_equal_scales_have_one_although_all_halves_are_ties() -> None:
    """(a + b) / 2: a factor a little larger rounds halves away from zero, as TFLite does."""
    kinds = signature((0.1, 0), (0.1, 0), (0.2, 0))
    made = form(Add(), kinds)
    assert made is not None
    np.testing.assert_array_equal(made.table(), pairs_table(Add(), kinds))
