"""What is known of outputs: probabilities, constants, shapes for users."""

import numpy as np
import pytest
from answer_nets import X, net
from equivalence import floats, graph_of

from edgec.ir import DType, Graph, GraphBuilder, Op, QParams, TensorType, ValueName
from edgec.ops.activations.hard_sigmoid import HardSigmoid
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.activations.tanh import Tanh
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.reshape import Reshape
from edgec.quantization.quality.metrics.answer import Answer, in_source_layout, seen_of


def answer(graph: Graph) -> Answer:
    return Answer(graph, graph.outputs[0])


@pytest.mark.parametrize(
    ("last", "is_logistic", "is_probability", "threshold"),
    [
        ((), False, False, 0.0),
        ((Tanh(),), False, False, 0.0),
        ((Logistic(),), True, True, 0.5),
        ((HardSigmoid(alpha=0.2, beta=0.5),), True, True, 0.5),
        ((Logistic(), Reshape(shape=(1, 2, 2))), True, True, 0.5),
        ((Logistic(), Tanh()), False, False, 0.0),
        ((Softmax(),), False, True, 0.5),
    ],
)
def test_probabilities(
    last: tuple[Op, ...], is_logistic: bool, is_probability: bool, threshold: float
) -> None:
    found = answer(net((4,), last=last))
    assert (found.is_logistic, found.is_probability) == (is_logistic, is_probability)
    assert found.threshold == threshold


def heads(*kinds: Op) -> Graph:
    """Return dense layers with a function each, side by side in one output."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4))
        made = []
        for number, op in enumerate(kinds):
            weights = g.constant(f"w{number}", np.ones((3, 4), np.float32))
            y = g.add1(FullyConnected(), x, weights, name=f"a{number}")
            made.append(g.add1(op, y, name=f"b{number}"))
        return [g.add1(Concatenation(axis=1), *made, name="y")]

    return graph_of(build)


def test_probabilities_side_by_side() -> None:
    assert answer(heads(Logistic(), Logistic())).is_logistic
    mixed = answer(heads(Logistic(), Softmax()))
    assert (mixed.is_logistic, mixed.is_probability) == (False, True)
    assert not answer(heads(Logistic(), Tanh())).is_probability


def test_integers_from_0_to_1_are_probabilities() -> None:
    """Functions in tables leave no other trace of a logistic function."""
    for scale, expected in ((1 / 256, True), (1 / 128, False)):
        g = GraphBuilder("table")
        x = g.input("x", TensorType((1, 1), DType.INT8, QParams.per_tensor(scale, -128)))
        graph = g.build([g.add1(Reshape(shape=(1, 1, 1)), x, name="y")])
        assert answer(graph).is_probability is expected


def test_what_no_sample_changes_is_a_constant() -> None:
    g = GraphBuilder("constant")
    x = g.input("x", TensorType((1, 4)))
    same = g.constant("c", np.ones((1, 2), np.float32))
    outputs = [g.add1(Tanh(), same, name="same"), g.add1(Tanh(), x, name="y")]
    graph = g.build(outputs)
    assert [Answer(graph, each).is_constant for each in outputs] == [True, False]
    rows = {X: np.zeros((5, 1, 4)), outputs[0]: np.ones((1, 1, 2)), outputs[1]: np.zeros((5, 1, 4))}
    seen = seen_of(graph, rows)
    assert [seen[each].shape for each in outputs] == [(5, 2), (5, 4)]


def test_values_come_in_the_layout_of_the_source() -> None:
    g = GraphBuilder("image")
    x = g.input("x", TensorType((1, 4, 5, 3)))
    graph = g.build([x], layouts={x: (0, 2, 3, 1)})
    values = np.random.default_rng(0).standard_normal((2, 1, 4, 5, 3))
    found = in_source_layout(graph, x, values)
    np.testing.assert_array_equal(found, values[:, 0].transpose(0, 3, 1, 2))
    assert Answer(graph, x).shape == (3, 4, 5)
    assert Answer(graph, x).channel == 0
