"""Graphs with states on samples that are one sequence: an accumulator."""

from collections.abc import Callable

import numpy as np
import pytest

from edgec.errors import EdgecError
from edgec.ir import Array, DType, Graph, GraphBuilder, TensorType, ValueName, evaluate_runs, verify
from edgec.ops.elementwise.add import Add
from edgec.quantization.quality.evaluation import evaluate_quantization
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.model_states import (
    parse_states,
    state_warnings,
    with_file_states,
    with_state_samples,
    with_states,
)
from edgec.quantization.samples.samples import Samples
from edgec.quantization.samples.sequence import SequenceEvaluator

KIND = TensorType((1, 3), DType.FLOAT32)
X, Y = ValueName("x"), ValueName("y")


def accumulator() -> Graph:
    """Return y = 2 * x + s, where s is the sum of all x before."""
    g = GraphBuilder("accumulator")
    x, s = g.input("x", KIND), g.input("s", KIND)
    new = g.add1(Add(), x, s, name="new")
    graph = g.build([g.add1(Add(), new, x, name="y"), new])
    return with_states(graph, parse_states("s=new"))


def integers(graph: Graph) -> Graph:
    return quantize(graph, calibrate(graph, with_state_samples(graph, samples())))


def samples() -> Samples:
    return Samples({X: np.sin(np.arange(60, dtype=np.float32)).reshape(20, 1, 3)})


def outputs(graph: Graph) -> Array:
    runs = [{X: x} for x in samples().arrays[X]]
    return np.stack([each[Y] for each in evaluate_runs(graph, runs)])


def test_states_are_carried_from_call_to_call() -> None:
    evaluator, x = SequenceEvaluator(accumulator()), samples().arrays[X]
    parts = [evaluator.run({X: x[:7]})[Y], evaluator.run({X: x[7:]})[Y]]
    np.testing.assert_array_equal(np.concatenate(parts), outputs(accumulator()))


def test_figures_are_those_of_the_sequence() -> None:
    graph = accumulator()
    integer = integers(graph)
    found = evaluate_quantization(graph, graph, integer, samples())
    kind = integer.types[Y].quantization
    x, q = samples().arrays[X], integer.types[X].quantization
    steps = np.clip(np.rint(x / q.scale) + q.zero_point, -128, 127).astype(np.int8)
    got = np.stack([each[Y] for each in evaluate_runs(integer, [{X: each} for each in steps])])
    error = (got.astype(np.float32) - kind.zero_point) * np.float32(kind.scale) - outputs(graph)
    wanted = 10 * np.log10(np.square(outputs(graph)).sum() / np.square(error).sum())
    assert found.output_sqnr_db == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("make", [accumulator, lambda: integers(accumulator())])
def test_without_the_states_of_a_file_every_run_begins_from_zero(make: Callable[[], Graph]) -> None:
    graph = make()
    assert with_file_states(graph, "keep") is graph
    bare = with_file_states(graph, "none")
    verify(bare)
    assert (bare.states, bare.inputs, bare.outputs) == ((), (X,), (Y,))
    first = SequenceEvaluator(graph).run({X: _door(graph)[:1]})[Y]
    for _ in range(2):
        np.testing.assert_array_equal(SequenceEvaluator(bare).run({X: _door(graph)[:1]})[Y], first)


def _door(graph: Graph) -> Array:
    return np.zeros((20, 1, 3), graph.types[X].dtype.numpy)


def test_users_are_told_of_states_once() -> None:
    graph = accumulator()
    (text,) = state_warnings(graph, "")
    assert "(s)" in text
    assert "--state none" in text
    assert state_warnings(graph, "keep") == state_warnings(graph, "none") == ()
    assert state_warnings(with_file_states(graph, "none"), "") == ()


def test_words_may_stand_among_pairs() -> None:
    assert parse_states("none, s=new") == parse_states("s=new") == accumulator().states


def test_a_state_of_the_file_is_no_input_to_name() -> None:
    with pytest.raises(EdgecError) as caught:
        with_states(accumulator(), parse_states("s=y"))
    assert caught.value.code == "unknown-state"
    assert caught.value.help == "its inputs are x"
