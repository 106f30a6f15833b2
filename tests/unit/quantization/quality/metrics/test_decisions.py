"""Yes or no of single values, by the definition."""

import numpy as np
import pytest
from answer_nets import measured, metrics, net
from hypothesis import given
from hypothesis import strategies as st
from metric_definitions import area_under_roc, f1_of_labels

from edgec.ops.activations.logistic import Logistic

LOGISTIC = [Logistic()]


@given(st.integers(1, 9), st.integers(2, 5), st.integers(0, 2**32))
def test_f1_of_labels_that_do_not_exclude_each_other(rows: int, labels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.choice(np.array([0, 0.25, 0.5, 0.75], np.float32), (rows, labels))
    there = rng.integers(0, 2, (rows, labels))
    there[0] = 1  # rows of a single 1 alone would be one-hot
    graph = net((labels,), last=LOGISTIC)
    said = values >= 0.5
    single = f1_of_labels(said, there == 1)
    found = measured(graph, [values], label=there)
    assert found.classes == pytest.approx(single)
    assert found.value == pytest.approx(sum(single.values()) / len(single))
    (all_of_them,) = f1_of_labels(said.reshape(-1, 1), there.reshape(-1, 1) == 1).values()
    assert found.more["micro F1"] == pytest.approx(all_of_them)
    assert found.more["labels right"] == pytest.approx(float(np.mean(said == there)))
    exact = sum(row.tolist() == said_.tolist() for row, said_ in zip(there == 1, said, strict=True))
    assert found.more["exact match"] == pytest.approx(exact / rows)
    again = measured(graph, [values], "exact-match", label=there)
    assert again.value == pytest.approx(exact / rows)
    assert again.more["mean F1"] == pytest.approx(found.value)


def test_labels_that_nobody_has_or_says_have_no_f1() -> None:
    none = np.zeros((3, 4))
    found = measured(net((4,), last=LOGISTIC), [none.astype(np.float32)], label=none)
    assert (found.value, dict(found.classes)) == (None, {})
    assert (found.more["micro F1"], found.more["exact match"]) == (None, 1.0)


@given(st.integers(2, 12), st.integers(0, 2**32))
def test_one_value_per_sample(rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.choice(np.array([0, 0.25, 0.5, 1], np.float32), (rows, 1))
    labels = rng.integers(0, 2, rows)
    labels[:2] = 0, 1
    found = measured(net((1,), last=LOGISTIC), [values], label=labels)
    right = [
        (value >= 0.5) == (label == 1) for value, label in zip(values[:, 0], labels, strict=True)
    ]
    assert found.value == pytest.approx(sum(right) / rows)
    area = area_under_roc(values[:, 0], labels)
    assert found.more["AUC"] == pytest.approx(area)
    assert (
        measured(net((1,), last=LOGISTIC), [values], "auc", label=labels).value == found.more["AUC"]
    )


def test_what_is_no_probability_is_a_logit() -> None:
    (metric,) = metrics(net((1,)), label=np.array([0, 1]))
    assert metric.title == "accuracy at 0"
    assert "values are no probabilities and taken as logits: 0 and more is yes" in metric.why
    (metric,) = metrics(net((1,), last=LOGISTIC), label=np.array([0, 1]))
    assert metric.title == "accuracy at 0.5"
    (metric,) = metrics(net((1,)), anomaly=np.array([0, 1]))
    assert metric.title == "AUC"  # nobody says from where on a score is an anomaly


def test_labels_of_one_kind_have_no_auc() -> None:
    values = np.zeros((3, 1), np.float32)
    found = measured(net((1,), last=LOGISTIC), [values], label=np.zeros(3))
    assert (found.value, found.more["AUC"]) == (1.0, None)
    (metric,) = metrics(net((1,), last=LOGISTIC), "auc", label=np.zeros(3))
    assert metric.problem == "all labels are 0: nothing to tell apart"
