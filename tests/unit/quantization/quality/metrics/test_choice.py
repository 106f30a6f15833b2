"""Which metric suits which labels, why, and what is said of labels that suit nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answer_nets import X, metrics, net

from edgec.errors import EdgecError, ExitCode
from edgec.ir import Array, Op
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.movement.reshape import Reshape
from edgec.ops.reductions.arg_max import ArgMax
from edgec.quantization.quality.metrics.choice import (
    NAMES,
    chosen,
    metrics_for,
    unlabelled,
    with_fitting_labels,
)
from edgec.quantization.samples.sample_labels import Labels
from edgec.quantization.samples.samples import Samples

BOTH = np.array([0, 1, 1, 0])
HOT = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 0], [1, 1, 1]])
MASK = np.zeros((4, 2, 3), np.uint8)
BOXES = np.tile([0.0, 0, 1, 1], (4, 2, 1))
INDEX = (Reshape(shape=(1, 1, 1)), ArgMax(axis=2))


@pytest.mark.parametrize(
    ("shape", "last", "labels", "name"),
    [
        ((4,), (), {"label": BOTH}, "top-1"),
        ((4,), (), {"label": np.array([0, 3, 2, 1.0])}, "top-1"),
        ((4,), (), {"target": BOTH}, "top-1"),
        ((6,), (), {"label": BOTH}, "anomaly-auc"),
        ((6,), (), {"label": np.array([0, 5, 1, 1])}, "top-1"),
        ((6,), (Softmax(),), {"label": BOTH}, "top-1"),
        ((1,), (Logistic(),), {"label": BOTH}, "accuracy"),
        ((1,), (), {"label": BOTH}, "accuracy"),
        ((1,), (), {"anomaly": BOTH}, "auc"),
        ((1,), (Logistic(),), {"anomaly": BOTH}, "accuracy"),
        ((1,), (), {"label": BOTH + 0.5}, "mae"),
        ((1,), (), {"label": BOTH * 40}, "mae"),
        ((1,), (), {"target": BOTH}, "mae"),
        ((1,), (Logistic(),), {"target": BOTH}, "mae"),
        ((3,), (), {"target": HOT}, "mae"),
        ((3,), (), {"label": HOT + 0.5}, "mae"),
        ((3,), (), {"label": HOT}, "f1"),
        ((3,), (Logistic(),), {"label": HOT.astype(bool)}, "f1"),
        ((2, 3, 5), (), {"mask": MASK}, "iou"),
        ((5, 2, 3), (), {"label": MASK}, "iou"),
        ((2, 3), (Logistic(),), {"mask": MASK}, "iou"),
        ((2, 3), (), {"target": MASK}, "mae"),
        ((2, 3), (), {"label": MASK + 7}, "mae"),
        ((7, 4), (), {"boxes": BOXES}, "box-iou"),
        ((4,), (), {"boxes_center": BOXES}, "box-iou"),
        ((4,), (), {"target": BOXES[:, 0]}, "mae"),
        ((7, 5), (), {"boxes": BOXES}, "ap"),
    ],
)
def test_what_suits(
    shape: tuple[int, ...], last: tuple[Op, ...], labels: dict[str, Array], name: str
) -> None:
    (metric,) = metrics(net(shape, last=last), **labels)
    assert metric.name == name
    assert metric.name in NAMES
    assert repr(next(iter(labels))) in metric.why
    assert "output 'out0'" in metric.why


def test_a_class_number_as_output() -> None:
    (metric,) = metrics(net((1,), last=INDEX), label=np.array([0, 7, 1, 2]))
    assert (metric.name, metric.class_count) == ("top-1", None)
    assert unlabelled(net((1,), last=INDEX)) is not None


def test_every_output_has_labels_of_its_own() -> None:
    graph = net((4,), (2, 3, 5), (1,), (1,))
    found = metrics(graph, label=BOTH, mask=MASK, target__out3=BOTH + 0.5, target__out2=BOTH / 4)
    assert [(each.output, each.name) for each in found] == [
        ("out0", "top-1"),
        ("out1", "iou"),
        ("out3", "mae"),
        ("out2", "mae"),
    ]


def test_the_first_output_that_has_the_labels_classes() -> None:
    (metric,) = metrics(net((4,), (10,)), label=np.array([9, 0, 1, 2]))
    assert metric.output == "out1"
    (metric,) = metrics(net((4,), (10,)), label=BOTH)
    assert metric.output == "out0"
    assert metric.why.endswith("output 'out1' would do too: save 'label:out1' to mean that")
    (metric,) = metrics(net((4,), (10,)), label=np.array([90, 0, 1, 2]))
    assert (metric.output, metric.within) == ("out0", False)


def test_an_output_that_would_be_judged_otherwise_is_not_offered() -> None:
    (metric,) = metrics(net((4,), (1,)), label=BOTH)
    assert "would do too" not in metric.why


def test_another_metric_by_its_name() -> None:
    (metric,) = metrics(net((1,)), "r2", label=BOTH)
    assert metric.name == "r2"
    with pytest.raises(EdgecError, match="--metric iou does not suit") as caught:
        metrics(net((1,)), "iou", label=BOTH)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.help == (
        "they can be judged by accuracy, auc, mae, rmse, r2; without --metric it is the first"
    )
    choice = chosen(net((1,), (2, 3)), [Labels("label", BOTH), Labels("mask", MASK)], "iou")
    choice.check()
    assert [each.name for each in choice.metrics] == ["iou"]
    assert choice.warnings == (
        "--metric iou does not suit the labels 'label' (int64 of shape (4,)): no accuracy",
    )


@pytest.mark.parametrize(
    ("labels", "said", "advice"),
    [
        ({"label": np.array([0.5, np.nan, 1, 2])}, ", 1 of them NaN or infinite,", "key 'label'"),
        ({"target": np.array([1e300, 1])}, ", whole numbers from 1 to 1e+300,", "key 'target'"),
        ({"label": np.array(["a", "b"])}, "(<U1 of shape (2,)) fit", "numpy.unique(labels"),
        ({"label": np.zeros((4, 0))}, "(float64 of shape (4, 0)) fit", "key 'label'"),
        ({"label": np.zeros(4, complex)}, "(complex128 of shape (4,)) fit", "save numbers"),
        ({"label": np.array([True, False])[:, None] & np.ones((2, 7), bool)}, "from 0 to 1", ""),
        (
            {"mask": MASK},
            "whole numbers from 0 to 0, fit no output of the model: 'out0' [5]",
            "255",
        ),
        ({"mask": -MASK.astype(int) - 1}, "from -1 to -1", "255 where there is none"),
        ({"boxes": BOXES}, "fit no output", "decode them in the model"),
        ({"boxes": BOXES[..., :3]}, "fit no output", "[samples, boxes, 4]"),
        ({"label__nowhere": BOTH}, "name no output of the model", "a sample each: 'out0' [5]"),
    ],
)
def test_what_suits_nothing(labels: dict[str, Array], said: str, advice: str) -> None:
    with pytest.raises(EdgecError) as caught:
        metrics(net((5,)), **labels)
    assert caught.value.code == "labels-unfit"
    assert said in caught.value.message
    assert advice in str(caught.value.help)


@pytest.mark.parametrize(
    "labels",
    [
        {"boxes": BOXES[..., ::-1]},  # corners the wrong way round
        {"boxes": np.where(np.arange(4) == 2, np.nan, BOXES)},
        {"boxes": BOXES, "classes": np.zeros(4, int)},
        {"boxes": BOXES, "classes": np.full((4, 2), 0.5)},
    ],
)
def test_labels_that_are_no_boxes(labels: dict[str, Any]) -> None:
    with pytest.raises(EdgecError) as caught:
        metrics(net((7, 4), (7, 3)), **labels)
    assert caught.value.code == "labels-unfit"
    assert ("'classes' (" in caught.value.message) == ("classes" in labels)


def test_all_that_suits_nothing_is_said_at_once() -> None:
    given = [Labels("label", np.array(["a"])), Labels("mask", MASK), Labels("target", BOTH + 0.5)]
    choice = chosen(net((1,)), given, place="t.npz")
    with pytest.raises(EdgecError) as caught:
        choice.check()
    assert [str(each.place) for each in caught.value.problems()] == [
        "t.npz, array 'label'",
        "t.npz, array 'mask'",
    ]
    samples = Samples({X: np.zeros((4, 1, 6), np.float32)}, tuple(given))
    found = with_fitting_labels(net((1,)), samples, Path("a/t.npz"), strict=False)
    assert [each.key for each in found.labels] == ["target"]
    assert all(each.startswith("t.npz: the labels '") for each in found.warnings)
    assert all(each.endswith(": no accuracy") for each in found.warnings)
    assert len(found.warnings) == 2
    with pytest.raises(EdgecError):
        with_fitting_labels(net((1,)), samples, Path("a/t.npz"), strict=True)


def test_without_labels_answers_are_compared_where_there_are_some() -> None:
    def name(*shapes: tuple[int, ...], last: tuple[Op, ...] = ()) -> str | None:
        found = unlabelled(net(*shapes, last=last))
        return None if found is None else f"{found.title} of {found.output}"

    assert name((4,)) == "top-1 of out0"
    assert name((4,), last=(Logistic(),)) == "top-1 of out0"
    assert name((1,), last=(Logistic(),)) == "decision at 0.5 of out0"
    assert name((2, 2), last=(Logistic(),)) == "decision at 0.5 of out0"
    assert name((2, 2, 3)) == "class at every position of out0"
    assert name((1,)) is None
    assert name((6,)) is None  # looks like the input
    assert name((1,), (3,)) == "top-1 of out1"
    assert name((1,), last=INDEX) == "top-1 of out0"


def test_labels_that_suit_nothing_leave_the_comparison() -> None:
    samples = Samples({X: np.zeros((4, 1, 6), np.float32)}, (Labels("mask", MASK),))
    (metric,) = metrics_for(net((4,)), samples)
    assert (metric.name, metric.labels) == ("top-1", None)
    assert metric.why.startswith("there are no labels; ")
