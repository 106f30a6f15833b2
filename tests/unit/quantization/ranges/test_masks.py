"""Scores that are masked before a softmax keep a scale of their own."""

import numpy as np
import pytest

from edgec.ir import Array, DType, Graph, GraphBuilder, TensorType, ValueName, evaluate, verify
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.functions.abs import Abs
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.select import Select
from edgec.quantization.ranges.masks import with_finite_masks
from edgec.quantization.samples.samples import Samples

ROWS = 12


def attention(fill: float, *, other_reader: bool = False, swapped: bool = False) -> Graph:
    """Return softmax(reshape(mask ? fill : |x|)), or with a second reader of the masked scores."""
    g = GraphBuilder("g")
    x, mask = g.input("x", TensorType((4, 6))), g.input("m", TensorType((4, 6), DType.BOOL))
    scores = g.add1(Abs(), x, name="scores")
    limit = g.constant("fill", np.array(fill, np.float32))
    operands = [scores, limit] if swapped else [limit, scores]
    masked = g.add1(Select(), mask, *operands, name="masked")
    y = g.add1(Softmax(), g.add1(Reshape(shape=(2, 2, 6)), masked), name="y")
    return g.build([y, g.add1(Abs(), masked)] if other_reader else [y])


def samples() -> Samples:
    rng = np.random.default_rng(0)
    mask = rng.integers(0, 2, (ROWS, 4, 6)).astype(np.bool_)
    mask[..., 0] = False
    return Samples(
        {
            ValueName("x"): rng.standard_normal((ROWS, 4, 6)).astype(np.float32),
            ValueName("m"): mask,
        }
    )


@pytest.mark.parametrize("fill", [-np.inf, -1e9, -3.4e38, -1e4])
def test_a_mask_lies_little_below_the_scores(fill: float) -> None:
    before, drawn = attention(fill), samples()
    after = with_finite_masks(before, drawn)
    verify(after)
    (limit,) = [after.constants[v] for n in after.nodes for v in n.inputs if v in after.constants]
    assert -10.1 < limit < -9.9
    for index in range(ROWS):
        (wanted,), (actual,) = (
            tuple(evaluate(graph, drawn.sample(index)).values()) for graph in (before, after)
        )
        np.testing.assert_allclose(actual, wanted, atol=1 / 512)


def test_a_mask_that_is_read_elsewhere_stays() -> None:
    graph = attention(-1e9, other_reader=True)
    assert with_finite_masks(graph, samples()) is graph


def test_what_is_kept_may_come_first() -> None:
    after = with_finite_masks(attention(-1e9, swapped=True), samples())
    assert min(float(each) for each in after.constants.values()) > -11


def test_numbers_within_the_scores_stay() -> None:
    after = with_finite_masks(attention(0.25), samples())
    assert [float(each) for each in after.constants.values()] == [0.25]


def added(mask: Array, *, other_reader: bool = False) -> Graph:
    """Return softmax(|x| + mask), as exporters write causal masks."""
    g = GraphBuilder("g")
    x = g.input("x", TensorType((4, 6)))
    masked = g.add1(Add(), g.add1(Abs(), x), g.constant("mask", mask.astype(np.float32)))
    y = g.add1(Softmax(), g.add1(Reshape(shape=(1, 4, 6)), masked))
    return g.build([y, g.add1(Abs(), masked)] if other_reader else [y])


def causal(fill: float) -> Array:
    return np.triu(np.full((4, 6), fill, np.float32), 1)


@pytest.mark.parametrize("fill", [-np.inf, -1e9, -3.4e38, -1e4])
@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_a_constant_mask_that_is_added_selects(fill: float, bias: float) -> None:
    before = added(causal(fill) + bias)
    drawn = Samples({ValueName("x"): samples().arrays[ValueName("x")]})
    after = with_finite_masks(before, drawn)
    verify(after)
    assert all(np.abs(each).max() < 12 for each in after.constants.values())
    for index in range(ROWS):
        (wanted,), (actual,) = (
            tuple(evaluate(graph, drawn.sample(index)).values()) for graph in (before, after)
        )
        np.testing.assert_allclose(actual, wanted, atol=1 / 512)


def test_masks_are_finite_without_samples() -> None:
    after = with_finite_masks(added(causal(-np.inf)), Samples({}))
    assert all(np.isfinite(each).all() for each in after.constants.values())


def test_what_is_added_for_others_too_stays() -> None:
    graph = added(causal(-1e9), other_reader=True)
    assert with_finite_masks(graph, samples()) is graph


@pytest.mark.parametrize("kept", [0, 1])
def test_a_choice_that_is_added_selects_the_scores(kept: int) -> None:
    g = GraphBuilder("g")
    x, mask = g.input("x", TensorType((4, 6))), g.input("m", TensorType((24,), DType.BOOL))
    choices = [g.constant("low", np.array(-np.inf, np.float32))]
    choices.insert(kept, g.constant("zero", np.zeros((), np.float32)))
    chosen = g.add1(Reshape(shape=(4, 6)), g.add1(Select(), mask, *choices))
    before = g.build([g.add1(Softmax(), g.add1(Add(), chosen, g.add1(Abs(), x)))])
    drawn, hidden = dict(samples().arrays), samples().arrays[ValueName("m")]
    drawn[ValueName("m")] = (hidden if kept == 1 else ~hidden).reshape(ROWS, 24)
    after = with_finite_masks(before, Samples(drawn))
    verify(after)
    assert not any(isinstance(node.op, Add) for node in after.nodes)
    for index in range(ROWS):
        (wanted,), (actual,) = (
            tuple(evaluate(graph, Samples(drawn).sample(index)).values())
            for graph in (before, after)
        )
        np.testing.assert_allclose(actual, wanted, atol=1 / 512)
