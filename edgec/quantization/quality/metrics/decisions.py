"""Yes or no of single values: one per sample, or several labels that do not exclude each other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array
from edgec.quantization.quality.metrics.anomaly import auc
from edgec.quantization.quality.metrics.answer import Answer, Case
from edgec.quantization.quality.metrics.metric import Metric, Score, Seen
from edgec.quantization.samples.sample_labels import ANOMALY, LABEL, TARGET, whole_numbers

ACCURACY, AUC, F1, EXACT = "accuracy", "auc", "f1", "exact-match"
_TITLES = {F1: "mean F1", EXACT: "exact match"}
_BOTH = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binary(Metric):
    """The share of samples on the right side of a ``threshold``; the area under the ROC curve."""

    threshold: float

    def verdicts(self, seen: Seen) -> Array:
        return seen[self.output].reshape(len(seen[self.output])).astype(np.float64)

    def measure(self, verdicts: Array) -> Score:
        assert self.labels is not None  # noqa: S101 - who has no labels does not ask
        both = len({*self.labels.tolist()}) == _BOTH
        figures: dict[str, float | None] = {
            ACCURACY: float(((verdicts >= self.threshold) == (self.labels == 1)).mean()),
            AUC: auc(verdicts, self.labels) if both else None,
        }
        value = figures.pop(self.name)
        titles = {ACCURACY: f"accuracy at {self.threshold:g}", AUC: "AUC"}
        return Score(value, {titles[name]: figure for name, figure in figures.items()})

    @property
    def answer(self) -> str:
        return _answer(self.threshold)

    def agreement(self, one: Array, other: Array) -> float | None:
        return _alike(one, other, self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MultiLabel(Metric):
    """Labels that are there or not, each on its own, by a ``threshold``: F1, or all of them right.

    F1 of a label is 2 TP / (2 TP + FP + FN), over all samples; the mean is that of the labels that
    are there, or said to be there, at least once. Micro F1 counts all labels as one.
    """

    threshold: float

    def verdicts(self, seen: Seen) -> Array:
        return seen[self.output].reshape(len(seen[self.output]), -1).astype(np.float64)

    def measure(self, verdicts: Array) -> Score:
        assert self.labels is not None  # noqa: S101 - who has no labels does not ask
        said, there = verdicts >= self.threshold, self.labels == 1
        hits = (said & there).sum(axis=0)
        total = said.sum(axis=0) + there.sum(axis=0)
        known = {
            i: 2 * int(h) / int(t) for i, (h, t) in enumerate(zip(hits, total, strict=True)) if t
        }
        more: dict[str, float | None] = {
            _TITLES[F1]: sum(known.values()) / len(known) if known else None,
            "micro F1": 2 * int(hits.sum()) / int(total.sum()) if known else None,
            _TITLES[EXACT]: float((said == there).all(axis=1).mean()),
            "labels right": float((said == there).mean()),
        }
        return Score(more.pop(self.title), more, known)

    @property
    def answer(self) -> str:
        return _answer(self.threshold)

    def agreement(self, one: Array, other: Array) -> float | None:
        return _alike(one, other, self.threshold)


def _answer(threshold: float) -> str:
    return f"decision at {threshold:g}"


def _alike(one: Array, other: Array, threshold: float) -> float | None:
    return float(((one >= threshold) == (other >= threshold)).mean()) if one.size else None


def fitting(case: Case) -> Iterator[Metric]:
    """Yield what suits labels 0 and 1, one per sample or one per value of the output."""
    answer = case.answer
    if case.key not in {LABEL, ANOMALY, TARGET} or answer.is_index:
        return
    if answer.elements == 1:
        yield from _binary(case)
    elif len(answer.extents) == 1 and case.extents == answer.extents:
        whole = whole_numbers(case.labels.values)
        if whole is not None and {*np.unique(whole).tolist()} <= {0, 1}:
            why = case.about(f"0 or 1 for each of {answer.elements} labels", "has as many values")
            why = f"{why}; {answer.threshold_reason}"
            for name, title in _TITLES.items():
                yield MultiLabel(
                    name=name,
                    title=title,
                    output=answer.output,
                    key=case.labels.name,
                    why=why,
                    labels=whole.reshape(len(whole), -1),
                    threshold=answer.threshold,
                )


def _binary(case: Case) -> Iterator[Metric]:
    answer, numbers = case.answer, case.numbers
    if numbers is None or not {*np.unique(numbers).tolist()} <= {0, 1}:
        return
    why = case.about("0 or 1 per sample", "has one value")
    both = len({*numbers.tolist()}) == _BOTH
    lacking = "" if both else f"all labels are {numbers[0]}: nothing to tell apart"
    title = f"accuracy at {answer.threshold:g}"
    area = _one_value(case, AUC, "AUC", why, lacking)
    if case.key == ANOMALY and not answer.is_probability and both:
        yield area  # nobody says from which value on it is an anomaly
    yield _one_value(case, ACCURACY, title, f"{why}; {answer.threshold_reason}", "")
    yield area


def _one_value(case: Case, name: str, title: str, why: str, problem: str) -> Metric:
    return Binary(
        name=name,
        title=title,
        output=case.answer.output,
        key=case.labels.name,
        why=why,
        labels=case.numbers,
        class_count=_BOTH,
        threshold=case.answer.threshold,
        problem=problem,
    )


def unlabelled(answer: Answer) -> Metric | None:
    """Return how answers behind a logistic function are compared without labels."""
    if answer.is_index or not answer.is_logistic:
        return None
    why = f"output {answer}: {answer.threshold_reason}"
    kind = Binary if answer.elements == 1 else MultiLabel
    title = _answer(answer.threshold)
    return kind(
        name=ACCURACY, title=title, output=answer.output, why=why, threshold=answer.threshold
    )
