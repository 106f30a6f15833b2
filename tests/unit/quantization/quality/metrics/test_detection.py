"""Boxes, by the definitions of IoU and average precision."""

import numpy as np
import pytest
from answer_nets import measured, metrics, net
from hypothesis import given
from hypothesis import strategies as st
from metric_definitions import average_precision, iou, mean_best_iou

from edgec.ir import Array
from edgec.quantization.quality.metrics.detection import ious

BOX = np.array([[[0.0, 0.0, 2.0, 2.0]]])


def drawn_boxes(rng: np.random.Generator, *shape: int) -> Array:
    """Return boxes on a grid of 4 by 4, so that many overlap or are the same."""
    corner = rng.integers(0, 3, (*shape, 2))
    boxes: Array = np.concatenate([corner, corner + rng.integers(0, 3, (*shape, 2))], axis=-1)
    return boxes.astype(float)


@given(st.integers(0, 2**32))
def test_intersection_over_union(seed: int) -> None:
    one, other = drawn_boxes(np.random.default_rng(seed), 2, 4)
    expected = [[iou(a, b) for b in other.tolist()] for a in one.tolist()]
    np.testing.assert_allclose(ious(one, other), expected)


@given(
    st.integers(1, 4), st.integers(2, 7), st.integers(1, 3), st.booleans(), st.integers(0, 2**32)
)
def test_average_precision(rows: int, count: int, columns: int, joined: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes, scores = drawn_boxes(rng, rows, count), rng.random((rows, count, columns))
    scores = scores.astype(np.float32)  # drawn apart: no ties
    wanted, classes = drawn_boxes(rng, rows, 3), rng.integers(0, columns, (rows, 3))
    wanted[rng.random((rows, 3)) < 0.3] = rng.choice([np.nan, -1])
    wanted[0, 0] = 0, 0, 2, 2
    there = ~(np.isnan(wanted) | (wanted == -1)).all(axis=2)
    each = {
        int(number): average_precision(
            boxes,
            scores[:, :, number],
            [wanted[i][there[i] & (classes[i] == number)] for i in range(rows)],
        )
        for number in np.unique(classes[there])
    }
    if joined and count >= 4 + columns:
        graph, outputs = net((count, 4 + columns)), [np.concatenate([boxes, scores], axis=2)]
    elif joined and count != 4:  # 4 by 4 is taken as a row for each box
        graph, outputs = net((4, count), (count, columns)), [boxes.transpose(0, 2, 1), scores]
    else:
        graph, outputs = net((count, 4), (count, columns)), [boxes, scores]
    found = measured(graph, outputs, boxes=wanted, classes=classes)
    assert found.value == pytest.approx(sum(each.values()) / len(each))
    assert dict(found.classes) == ({} if columns == 1 else pytest.approx(each))
    best = measured(graph, outputs, "box-iou", boxes=wanted, classes=classes)
    assert best.value == pytest.approx(
        mean_best_iou(boxes, [wanted[i][there[i]] for i in range(rows)])
    )


def test_a_perfect_model_has_an_average_precision_of_one() -> None:
    boxes = np.array([[[0, 0, 2, 2], [5, 5, 9, 9], [0, 0, 2, 2.0]]])
    scores = np.array([[0.9, 0.8, 0.1]])
    found = measured(net((3, 4), (3,)), [boxes, scores], boxes=boxes[:, :2])
    assert found.value == 1.0
    found = measured(net((3, 4), (3,)), [boxes, scores], boxes=boxes[:, :1])
    assert found.value == 1.0  # the second is wrong, with a lower score
    found = measured(net((3, 4), (3,)), [boxes, 1 - scores], boxes=boxes[:, :1])
    assert found.value == 1.0  # best scores first: 0.9 is on the box
    found = measured(net((3, 4), (3,)), [boxes, np.array([[0.5, 0.9, 0.1]])], boxes=boxes[:, :1])
    assert found.value == 0.5


def test_boxes_by_their_center() -> None:
    center = np.array([[[1.0, 1.0, 2.0, 2.0]]])
    assert measured(net((4,)), [center[:, 0]], boxes_center=center).value == 1.0
    assert measured(net((4,)), [BOX[:, 0]], boxes=BOX).value == 1.0
    assert measured(net((4,)), [center[:, 0]], boxes_center=BOX + 1).value == pytest.approx(
        iou([0, 0, 2, 2], [-0.5, -0.5, 2.5, 2.5])
    )


def test_one_box_per_sample_is_judged_by_its_overlap() -> None:
    (metric,) = metrics(net((4,)), boxes=BOX[:, 0])
    assert (metric.name, metric.title, metric.is_share) == ("box-iou", "mean box IoU", True)
    assert metric.why == "'boxes' has boxes, output 'out0' has a box per sample"


def test_scores_behind_boxes_are_told_from_boxes_alone() -> None:
    (metric,) = metrics(net((64, 10)), boxes=BOX, classes=np.zeros((1, 1)))
    assert "has 64 boxes, with their scores behind them (6 classes)" in metric.why
    (metric,) = metrics(net((10, 64)), boxes=BOX, classes=np.zeros((1, 1)))
    assert "has 64 boxes, with their scores behind them (6 classes)" in metric.why
    (metric,) = metrics(net((8, 6), (8, 4)), boxes=BOX, classes=np.zeros((1, 1)))
    assert metric.output == "out1"
    assert "has 8 boxes, output 'out0' their scores (6 classes)" in metric.why


def test_without_classes_scores_of_several_say_nothing() -> None:
    (metric,) = metrics(net((8, 4), (8, 6)), boxes=BOX)
    assert metric.name == "box-iou"
    assert metric.why.endswith("per sample; for AP save 'classes', too")


def test_a_label_that_no_column_has_is_never_found() -> None:
    boxes = np.repeat(BOX, 5, axis=1)
    found = measured(
        net((5, 4), (5, 2)), [boxes, np.ones((1, 5, 2))], boxes=BOX, classes=np.array([[7]])
    )
    assert found.value == 0.0


def test_no_labelled_box_at_all() -> None:
    (metric,) = metrics(net((4,)), boxes=np.full((2, 3, 4), -1))
    assert metric.problem == "there is no labelled box"
    assert metric.measure(np.zeros((2, 1, 4))).value is None
