"""Anomalies by the error of a model that gives its input again."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, ValueName
from edgec.quantization.quality.metrics.answer import Case
from edgec.quantization.quality.metrics.metric import Metric, Score, Seen
from edgec.quantization.samples.sample_labels import ANOMALY, LABEL

ERROR_AUC = "anomaly-auc"
_BOTH = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorAuc(Metric):
    """The area under the ROC curve of the squared error between ``source`` and output."""

    source: ValueName

    def verdicts(self, seen: Seen) -> Array:
        wanted, got = seen[self.source], seen[self.output]
        squares = (got.astype(np.float64) - wanted) ** 2
        return np.asarray(squares.reshape(len(squares), -1).mean(axis=1))

    def measure(self, verdicts: Array) -> Score:
        assert self.labels is not None  # noqa: S101 - who has no labels does not ask
        return Score(None if self.problem else auc(verdicts, self.labels))


def auc(scores: Array, labels: Array) -> float:
    """Return the area under the ROC curve of scores of positives (label 1) and negatives (0).

    It is the share of pairs in the right order, ties counting half. There is one of each at least.
    """
    positive, negative = (np.sort(scores[labels == which]) for which in (1, 0))
    below = np.searchsorted(negative, positive, "left").sum(dtype=np.float64)
    not_above = np.searchsorted(negative, positive, "right").sum(dtype=np.float64)
    return float((below + not_above) / (2 * positive.size * negative.size))


def fitting(case: Case) -> Iterator[Metric]:
    """Yield the AUC where the output looks like the input and labels are 0 and 1.

    Two values with labels 0 and 1 are rather scores of two classes, unless the key says otherwise.
    """
    answer, numbers = case.answer, case.numbers
    if case.key not in {LABEL, ANOMALY} or numbers is None or not answer.looks_like_input:
        return
    known = {*np.unique(numbers).tolist()}
    if not known <= {0, 1} or (answer.elements <= _BOTH and case.key != ANOMALY):
        return
    (number, *others) = known
    lacking = "" if others else f"all labels are {number}: the AUC needs samples of both kinds"
    yield ErrorAuc(
        name=ERROR_AUC,
        title="AUC of the squared error",
        output=answer.output,
        source=answer.graph.without_states(answer.graph.inputs)[0],
        key=case.labels.name,
        why=case.about("0 or 1 per sample", "has the input's shape: its error tells anomalies"),
        labels=numbers,
        of_classes=False,
        class_count=_BOTH,
        problem=lacking,
    )
