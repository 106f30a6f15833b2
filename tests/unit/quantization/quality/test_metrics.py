"""What labels say: which metric suits a model, and its figure."""

import numpy as np
import pytest
from equivalence import floats, graph_of
from hypothesis import given
from hypothesis import strategies as st

from edgec.ir import Array, Graph, GraphBuilder, Op, ValueName
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.reshape import Reshape
from edgec.ops.reductions.arg_max import ArgMax
from edgec.quantization.quality.metrics import (
    AUC,
    BINARY,
    INDEX,
    TOP_1,
    auc,
    class_count,
    metric_for,
)

BOTH = np.array([0, 1, 1, 0])


def dense(g: GraphBuilder, x: ValueName, outputs: int, name: str = "dense") -> ValueName:
    weights = np.ones((outputs, g.type(x).shape[-1]), np.float32)
    bias = np.zeros(outputs, np.float32)
    constants = [g.constant(f"{name}/{i}", each) for i, each in enumerate((weights, bias))]
    return g.add(FullyConnected(), [x, *constants], name=name)[0]


def net(outputs: int, *last: Op) -> Graph:
    def build(g: GraphBuilder) -> list[ValueName]:
        y = dense(g, g.input("x", floats(1, 6)), outputs)
        for number, op in enumerate(last):
            (y,) = g.add(op, [y], name=f"last{number}")
        return [y]

    return graph_of(build)


@pytest.mark.parametrize("labels", [None, BOTH, np.array([0, 2, 3])])
def test_several_outputs_are_scores_of_classes(labels: Array | None) -> None:
    assert metric_for(net(4), labels) is TOP_1


def test_an_output_that_looks_like_the_input_is_a_reconstruction() -> None:
    assert metric_for(net(6), BOTH) is AUC
    assert metric_for(net(6)) is None
    assert metric_for(net(6), np.zeros(4, np.int64)) is None  # nothing to tell apart
    assert metric_for(net(6), np.array([0, 5])) is TOP_1  # six classes
    assert metric_for(net(6, Softmax()), BOTH) is TOP_1


def test_one_output_is_a_probability_behind_a_logistic_function() -> None:
    assert metric_for(net(1, Logistic(), Reshape(shape=(1,))), BOTH) is BINARY
    assert metric_for(net(1), BOTH) is None


def test_an_index_is_the_class_itself() -> None:
    graph = net(3, ArgMax(axis=1), Reshape(shape=(1,)))
    y = np.array([2, 0, 2], np.int32).reshape(3, 1)
    assert metric_for(graph) is INDEX
    assert INDEX.measure(INDEX.verdicts(y, y), np.array([2, 0, 1])) == 2 / 3


def test_maps_are_compared_at_every_position() -> None:
    y = np.zeros((2, 1, 2, 2, 3), np.float32)
    other = y.copy()
    other[0, 0, 1, 1, 2] = 1
    assert TOP_1.agreement(TOP_1.verdicts(y, y), TOP_1.verdicts(y, other)) == 7 / 8
    assert class_count(TOP_1, net(4)) == 4
    assert class_count(INDEX, net(4)) is None


def test_figures() -> None:
    x = np.zeros((4, 1, 2), np.float32)
    y = np.array([[[1, 0]], [[0, 2]], [[3, 0]], [[0, 0.5]]], np.float32)
    assert TOP_1.measure(TOP_1.verdicts(x, y), BOTH) == 0.5
    assert AUC.measure(AUC.verdicts(x, y), BOTH) == 1.0  # errors 0.5, 2, 4.5 and 0.125
    assert BINARY.measure(BINARY.verdicts(x, y[..., :1]), np.array([1, 0, 1, 0])) == 1.0
    assert TOP_1.agreement(TOP_1.verdicts(x, y), np.array([0, 1, 1, 0])) == 0.5
    assert AUC.agreement(BOTH, BOTH) is None


@pytest.mark.parametrize("labels", [None, np.zeros(3, np.int64), np.zeros(4, np.float32)])
def test_labels_that_fit_no_sample_give_no_figure(labels: Array | None) -> None:
    assert TOP_1.measure(np.zeros(4, np.int64), labels) is None


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30))
def test_auc_counts_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    scores, labels = (np.array(each, np.int64) for each in zip(*rows, strict=True))
    if 0 < labels.sum() < len(labels):
        pairs = [np.sign(p - n) for p in scores[labels == 1] for n in scores[labels == 0]]
        assert auc(scores, labels) == pytest.approx((1 + np.mean(pairs)) / 2)
