"""Anomalies: the order of errors, by the definition."""

import numpy as np
import pytest
from answer_nets import X, metrics, net
from hypothesis import given
from hypothesis import strategies as st
from metric_definitions import area_under_roc

from edgec.quantization.quality.metrics.anomaly import auc

BOTH = np.array([0, 1, 1, 0])


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30))
def test_auc_counts_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    scores, labels = (np.array(each, np.int64) for each in zip(*rows, strict=True))
    if 0 < labels.sum() < len(labels):
        assert auc(scores, labels) == pytest.approx(area_under_roc(scores, labels))


@pytest.mark.parametrize("key", ["label", "anomaly"])
def test_an_output_that_looks_like_the_input_is_judged_by_its_error(key: str) -> None:
    (metric,) = metrics(net((6,)), **{key: BOTH})
    assert (metric.name, metric.title) == ("anomaly-auc", "AUC of the squared error")
    x = np.ones((4, 6), np.float32)
    y = x + np.array([0.1, -2, 3, 0.2], np.float32)[:, None]
    verdicts = metric.verdicts({X: x, metric.output: y})
    assert verdicts == pytest.approx([0.01, 4, 9, 0.04], abs=1e-6)
    assert metric.measure(verdicts).value == 1.0
    assert metric.measure(verdicts[[1, 0, 2, 3]]).value == 0.5
    assert metric.agreement(verdicts, verdicts) is None


def test_one_kind_alone_has_no_order() -> None:
    (metric,) = metrics(net((6,)), label=np.zeros(4, np.int64))
    assert metric.problem == "all labels are 0: the AUC needs samples of both kinds"
    assert metric.measure(np.zeros(4)).value is None


def test_two_values_are_two_classes_unless_the_key_says_otherwise() -> None:
    (metric,) = metrics(net((2,), width=2), label=BOTH)
    assert metric.name == "top-1"
    (metric,) = metrics(net((2,), width=2), anomaly=BOTH)
    assert metric.name == "anomaly-auc"
