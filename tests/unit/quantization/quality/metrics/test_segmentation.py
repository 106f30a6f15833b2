"""Classes of positions, by the definition of IoU; 255 counts nowhere."""

import numpy as np
import pytest
from answer_nets import measured, metrics, net
from hypothesis import given
from hypothesis import strategies as st
from metric_definitions import intersections_over_unions

from edgec.ir import Array
from edgec.ops.activations.logistic import Logistic

VOID = 255
SHAPES = [(4, 5, 3), (3, 4, 5), (1, 4, 5, 3), (20, 3)]


@given(st.sampled_from([0, 1, 3]), st.integers(1, 3), st.booleans(), st.integers(0, 2**32))
def test_iou_and_pixel_accuracy(axis: int, rows: int, void: bool, seed: int) -> None:
    """Scores have 3 classes on any axis; the third seldom occurs, labels may be void."""
    rng = np.random.default_rng(seed)
    there = rng.choice([0, 1, 2, VOID], (rows, 3, 4), p=[0.5, 0.3, 0.1, 0.1])
    if not void:
        there[there == VOID] = 0
    said = rng.choice([0, 1], (rows, 3, 4))
    scores = np.eye(3, dtype=np.float32)[said]  # [rows, 3, 4, classes]
    where = {0: (0, 3, 1, 2), 1: (0, 1, 2, 3), 3: (0, 1, 2, 3)}[axis]
    scores = scores.transpose(where)
    if (there == VOID).all():
        return
    graph = net(scores.shape[1:])
    single = intersections_over_unions(said, there, VOID)
    found = measured(graph, [scores], mask=there)
    assert found.classes == pytest.approx(single)
    assert found.value == pytest.approx(sum(single.values()) / len(single))
    kept = there != VOID
    assert found.more["pixel accuracy"] == pytest.approx(float((said == there)[kept].mean()))
    again = measured(graph, [scores], "pixel-accuracy", mask=there)
    assert again.value == pytest.approx(found.more["pixel accuracy"])
    assert again.more["mean IoU"] == pytest.approx(found.value)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (1, 4, 5)])
@given(seed=st.integers(0, 2**32))
def test_one_value_at_each_position(shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    there = rng.choice([0, 1, VOID], (3, 4, 5))
    there[0, 0, 0] = 1
    values = rng.choice(np.array([0, 0.5, 1], np.float32), (3, *shape))
    said = (values >= 0.5).astype(int).reshape(3, 4, 5)
    single = intersections_over_unions(said, there, VOID)
    found = measured(net(shape, last=[Logistic()]), [values], mask=there)
    assert found.value == pytest.approx(single[1])
    assert found.more["mean IoU"] == pytest.approx(sum(single.values()) / len(single))
    (metric,) = metrics(net(shape, last=[Logistic()]), mask=there)
    assert (metric.title, metric.is_share) == ("IoU of class 1", True)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_axis_of_classes_is_found(shape: tuple[int, ...]) -> None:
    positions = [each for each in shape if each not in (1, 3)]
    mask = np.zeros((2, *positions), np.uint8)
    mask[0, 0] = 2
    (metric,) = metrics(net(shape), mask=mask)
    assert metric.title == "mean IoU"
    assert f"has 3 scores at each (axis {shape.index(3)} of {shape})" in metric.why
    (metric,) = metrics(net(shape), mask=mask.reshape(2, *positions, 1).astype(np.float32))
    assert metric.title == "mean IoU"


def test_a_mask_can_be_one_hot() -> None:
    classes = np.arange(6).reshape(1, 2, 3) % 4
    one_hot = np.eye(4, dtype=np.uint8)[classes]
    for mask in (classes, one_hot):
        found = measured(net((2, 3, 4)), [one_hot.astype(np.float32)], mask=mask)
        assert (found.value, found.more["pixel accuracy"]) == (1.0, 1.0)


def test_classes_that_do_not_occur_are_left_out_of_the_mean() -> None:
    mask = np.array([[0, 0, 1, 1]])
    scores = np.eye(5, dtype=np.float32)[[[0, 0, 0, 1]]]
    found = measured(net((4, 5)), [scores], mask=mask)
    assert dict(found.classes) == pytest.approx({0: 2 / 3, 1: 1 / 2})
    assert found.value == pytest.approx(7 / 12)


def test_a_class_that_neither_has_gives_no_figure() -> None:
    found = measured(
        net((2, 2), last=[Logistic()]), [np.zeros((3, 2, 2), np.float32)], mask=np.zeros((3, 2, 2))
    )
    assert (found.value, found.more["mean IoU"], found.more["pixel accuracy"]) == (None, 1.0, 1.0)


def test_void_is_said_and_a_mask_of_0_and_255_is_doubted() -> None:
    mask = np.zeros((1, 4), np.uint8)
    mask[0, 1] = VOID
    (metric,) = metrics(net((4, 3)), mask=mask)
    assert "(255, at 25.0% of them, counts nowhere)" in metric.why
    assert metric.problem == ""
    (metric,) = metrics(net((4, 1), last=[Logistic()]), mask=mask)
    assert "if it means class 1, save mask // 255" in metric.problem
    (metric,) = metrics(net((4, 3)), mask=np.full((1, 4), VOID))
    assert "all labels are 255" in metric.problem
    assert metric.measure(np.zeros((1, 4), int)).value is None


def test_255_is_a_class_where_there_are_so_many() -> None:
    scores = np.eye(300, dtype=np.float32)[[[255, 299]]]
    found = measured(net((2, 300)), [scores], mask=np.array([[255, 255]]))
    assert dict(found.classes) == {255: 0.5, 299: 0.0}


@pytest.mark.parametrize("odd", [-7, 1 << 16, 1 << 30])
def test_an_output_of_odd_class_numbers_is_wrong_there(odd: int) -> None:
    """Whatever integers an output holds, figures take no more memory than classes."""
    (metric,) = metrics(net((4, 3)), mask=np.array([[0, 1, 2, 2]]))
    index = type(metric)(
        **{
            name: getattr(metric, name)
            for name in ("name", "title", "output", "why", "key", "labels")
        }
    )
    said = index.verdicts({metric.output: np.array([[0, 1, 2, odd]])})
    assert index.measure(said).more["pixel accuracy"] == 0.75


def test_two_models_are_compared_position_by_position() -> None:
    (metric,) = metrics(net((2, 2, 3)), mask=np.zeros((2, 2, 2), int))
    one: Array = np.zeros((2, 2, 2, 3), np.float32)
    other = one.copy()
    other[0, 1, 1, 2] = 1
    verdicts = [metric.verdicts({metric.output: each}) for each in (one, other)]
    assert metric.agreement(*verdicts) == 7 / 8
    assert metric.answer == "class at every position"
