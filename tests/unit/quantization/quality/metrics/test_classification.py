"""Classes of whole samples, by the definition."""

import numpy as np
import pytest
from answer_nets import measured, metrics, net
from hypothesis import given
from hypothesis import strategies as st
from metric_definitions import top_k

from edgec.ir import Array
from edgec.ops.activations.softmax import Softmax
from edgec.ops.movement.reshape import Reshape
from edgec.ops.reductions.arg_max import ArgMax

LABELS = np.array([0, 2, 1])


@st.composite
def answers(draw: st.DrawFn) -> tuple[Array, Array]:
    """Draw scores with many ties, [samples, classes], and labels, some of them no class."""
    rows, classes = draw(st.integers(1, 7)), draw(st.integers(2, 24))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scores = rng.integers(0, 6, (rows, classes)).astype(np.float32)
    return scores, rng.integers(0, classes + 2, rows)


@given(answers())
def test_top_1_and_top_5_are_by_the_definition(drawn: tuple[Array, Array]) -> None:
    scores, labels = drawn
    graph = net((scores.shape[1],), last=[Softmax()])
    found = measured(graph, [scores], label=labels)
    assert found.value == pytest.approx(top_k(scores, labels, 1))
    if scores.shape[1] > 20:
        assert found.more["top-5"] == pytest.approx(top_k(scores, labels, 5))
    if scores.shape[1] > 5:
        found = measured(graph, [scores], "top-5", label=labels)
        assert found.value == pytest.approx(top_k(scores, labels, 5))
        assert found.more["top-1"] == pytest.approx(top_k(scores, labels, 1))


@pytest.mark.parametrize(
    "labels", [LABELS, LABELS.astype(np.float32), LABELS[:, None], np.eye(4, dtype=int)[LABELS]]
)
@pytest.mark.parametrize("shape", [(4,), (1, 4), (4, 1, 1)])
def test_however_labels_and_scores_are_shaped(labels: Array, shape: tuple[int, ...]) -> None:
    scores = np.array([[3, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], np.float32)
    (metric,) = metrics(net(shape, last=[Softmax()]), label=labels)
    assert (metric.name, metric.title, metric.higher_is_better) == ("top-1", "top-1", True)
    assert metric.why == "'label' has a class number per sample, output 'out0' has 4 scores"
    found = measured(net(shape, last=[Softmax()]), [scores.reshape(3, *shape)], label=labels)
    assert found.value == 2 / 3


def test_an_index_is_the_class_itself() -> None:
    graph = net((1,), last=[Reshape(shape=(1, 1, 1)), ArgMax(axis=2)])
    found = measured(graph, [np.array([[0], [2], [0]], np.int32)], label=LABELS)
    assert found.value == 2 / 3


def test_agreement_is_about_the_best_class_alone() -> None:
    (metric,) = metrics(net((30,)), label=LABELS)
    one, other = np.zeros((2, 3, 30), np.float32)
    other[0, 7] = 1
    other[1, 29] = -1  # among the last: no answer
    verdicts = [metric.verdicts({metric.output: each}) for each in (one, other)]
    assert metric.agreement(*verdicts) == 2 / 3
