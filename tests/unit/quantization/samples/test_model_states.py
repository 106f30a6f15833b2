"""States that a user names: what fits, what both ends share, what calibration sees."""

import numpy as np
import pytest

from edgec.errors import EdgecError
from edgec.ir import DType, Graph, GraphBuilder, QParams, State, TensorType, ValueName, verify
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.alike import Alike
from edgec.ops.elementwise.add import Add
from edgec.passes.cleanup.eliminate_identity import EliminateIdentity
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.observers import Range
from edgec.quantization.samples.model_states import (
    parse_states,
    with_state_samples,
    with_states,
    without_state_inputs,
)
from edgec.quantization.samples.samples import Samples

SUM = parse_states("sum=new")


def counter(kind: TensorType | None = None, other: QParams | None = None) -> Graph:
    """Return new = x + sum, y = relu(new)."""
    g = GraphBuilder("counter")
    kind = kind or TensorType((1, 2))
    x, total = g.input("x", kind), g.input("sum", kind)
    new = g.add1(Add(), x, total, name="new", qparams=other)
    return g.build([g.add1(Relu(), new, name="y", qparams=other), new])


def test_pairs_are_read() -> None:
    assert parse_states("a=b, c = d") == (
        State(ValueName("a"), ValueName("b")),
        State(ValueName("c"), ValueName("d")),
    )
    assert parse_states("") == ()


@pytest.mark.parametrize("text", ["a", "a=", "=b", "a=b,c", "a=b,a=c"])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(EdgecError) as caught:
        parse_states(text)
    assert caught.value.code == "invalid-option"


@pytest.mark.parametrize("text", ["nothing=new", "sum=nothing", "new=sum"])
def test_names_must_be_those_of_an_input_and_an_output(text: str) -> None:
    with pytest.raises(EdgecError) as caught:
        with_states(counter(), parse_states(text))
    assert caught.value.code == "unknown-state"


def test_ends_that_are_quantized_apart_are_refused() -> None:
    kind = TensorType((1, 2), DType.INT8, QParams.per_tensor(0.1))
    with pytest.raises(EdgecError, match="differ") as caught:
        with_states(counter(kind, QParams.per_tensor(0.2)), SUM)
    assert caught.value.code == "unsupported-state"
    assert with_states(counter(kind, kind.qparams), SUM).states == SUM


def test_both_ends_get_the_quantization_of_all_they_hold() -> None:
    graph = with_states(counter(), SUM)
    verify(graph)
    seen = {"x": Range(-1, 1), "sum": Range(-2, 2), "new": Range(-3, 5)}
    ranges = {value: seen.get(value, Range(-3, 3)) for value in graph.types}
    after = EliminateIdentity().run(quantize(graph, ranges))
    verify(after)
    assert [node.op.name for node in after.nodes] == ["add", "relu"]
    assert after.types[ValueName("sum")] == after.types[ValueName("new")]
    assert round(after.types[ValueName("new")].quantization.scale * 255, 3) == 8


def test_a_state_that_is_another_output_too_keeps_both_names() -> None:
    g = GraphBuilder("g")
    kind = TensorType((1, 2), DType.INT8, QParams.per_tensor(0.1))
    x, total = g.input("x", kind), g.input("sum", kind)
    y = g.add1(Add(), x, total, name="y", qparams=kind.qparams)
    marked = g.build([y, g.add1(Alike(), y, total, name="new", qparams=kind.qparams)])
    after = EliminateIdentity().run(marked)
    assert after.outputs == ("y", "new")
    assert [node.op.name for node in after.nodes] == ["add", "reshape"]


def test_calibration_sees_the_states_of_a_sequence() -> None:
    graph = with_states(counter(), SUM)
    assert without_state_inputs(graph).inputs == ("x",)
    x = np.arange(6, dtype=np.float32).reshape(3, 1, 2)
    samples = with_state_samples(graph, Samples({ValueName("x"): x}))
    expected = np.stack([np.zeros((1, 2)), x[0], x[0] + x[1]])
    np.testing.assert_array_equal(samples.arrays[ValueName("sum")], expected)
