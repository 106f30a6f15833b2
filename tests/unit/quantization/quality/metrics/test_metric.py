"""What two scores say: loss, its sign, figures of one model alone."""

import numpy as np
import pytest
from answer_nets import metrics, net

from edgec.ops.activations.logistic import Logistic
from edgec.quantization.quality.evaluation import worst_of
from edgec.quantization.quality.metrics.metric import Accuracy, Figure, Score

LABELS = np.array([0.5, 1.5])


@pytest.mark.parametrize(
    ("name", "before", "after", "loss"),
    [
        ("mae", 1.0, 1.5, 0.5),
        ("mae", 1.5, 1.0, -0.5),
        ("r2", 0.75, 0.5, 0.25),
        ("r2", 0.5, 0.75, -0.25),
    ],
)
def test_a_loss_is_positive_where_it_is_worse(
    name: str, before: float, after: float, loss: float
) -> None:
    (metric,) = metrics(net((1,)), name, label=LABELS)
    found = Accuracy.of(metric, Score(before), Score(after))
    assert found is not None
    assert found.loss == loss
    assert (found.metric, found.higher_is_better) == (metric.title, name == "r2")


def test_no_loss_has_no_sign() -> None:
    for name in ("mae", "r2"):
        (metric,) = metrics(net((1,)), name, label=LABELS)
        found = Accuracy.of(metric, Score(0.5), Score(0.5))
        assert found is not None
        assert str(found.loss) == "0.0"


def test_one_model_alone_has_no_loss() -> None:
    (metric,) = metrics(net((1,)), label=LABELS)
    found = Accuracy.of(metric, None, Score(0.5, {"R2": None}, {3: 1.0}))
    assert found is not None
    assert (found.original, found.loss) == (None, None)
    assert found.more == {"R2": Figure(None, None)}
    assert found.classes == {3: Figure(None, 1.0)}


def test_what_labels_cannot_tell_is_no_figure() -> None:
    (metric,) = metrics(net((1,)), label=LABELS)
    assert Accuracy.of(metric, Score(0.5), Score(None)) is None
    assert Accuracy.of(metric, Score(None), Score(0.5)) is None
    (metric,) = metrics(net((1,), last=[Logistic()]), "auc", label=np.array([0, 0]))
    assert metric.problem
    assert Accuracy.of(metric, Score(0.5), Score(0.5)) is None


def test_figures_that_only_one_of_the_models_has() -> None:
    (metric,) = metrics(net((1,)), label=LABELS)
    found = Accuracy.of(metric, Score(1, {}, {0: 0.5}), Score(1, {}, {1: 0.25}))
    assert found is not None
    assert found.classes == {0: Figure(0.5, None), 1: Figure(None, 0.25)}


def test_the_share_that_loses_most_speaks_for_all() -> None:
    error = Accuracy(0.0, 9.0, "MAE", higher_is_better=False, unit="output")
    small, large = Accuracy(1.0, 0.9, "top-1"), Accuracy(0.9, 0.7, "mean IoU")
    assert worst_of([error, small, large]) is large
    assert worst_of([error, Accuracy(0.0, 10.0, "RMSE", unit="output")]) is error
    assert worst_of([]) is None
