"""Classes of whole samples: top-1 and top-5 of scores, and outputs that are the class number."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgec.ir import Array
from edgec.quantization.quality.metrics.answer import Answer, Case
from edgec.quantization.quality.metrics.metric import Metric, Score, Seen
from edgec.quantization.samples.sample_labels import ANOMALY, LABEL, TARGET

TOP_1, TOP_5 = "top-1", "top-5"
_FIVE = 5
_MANY = 20  # classes from which on the five best are worth a figure beside the best one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopClass(Metric):
    """The share of samples whose label is among the ``places`` best scores; of equals the first."""

    places: int = 1

    def verdicts(self, seen: Seen) -> Array:
        """Return the best classes, [samples, places kept], the best one first."""
        scores = seen[self.output].reshape(len(seen[self.output]), -1).astype(np.float64)
        kept = _FIVE if self.places > 1 or (self.class_count or 0) > _MANY else 1
        if kept == 1:
            return np.asarray(scores.argmax(axis=1)[:, None])
        return np.asarray(np.argsort(-scores, axis=1, kind="stable")[:, :kept])

    def measure(self, verdicts: Array) -> Score:
        assert self.labels is not None  # noqa: S101 - who has no labels does not ask
        hits = verdicts == self.labels[:, None]
        shares = {TOP_1: hits[:, :1].any(axis=1).mean()}
        if hits.shape[1] > 1:
            shares[TOP_5] = hits.any(axis=1).mean()
        value = float(shares.pop(TOP_1 if self.places == 1 else TOP_5))
        return Score(value, {name: float(share) for name, share in shares.items()})

    @property
    def answer(self) -> str:
        return TOP_1

    def agreement(self, one: Array, other: Array) -> float | None:
        return float((one[:, 0] == other[:, 0]).mean()) if len(one) else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassIndex(Metric):
    """The share of samples whose label the output is itself."""

    def verdicts(self, seen: Seen) -> Array:
        return seen[self.output].reshape(len(seen[self.output]))

    def measure(self, verdicts: Array) -> Score:
        return Score(float((verdicts == self.labels).mean()))


def fitting(case: Case) -> Iterator[Metric]:
    """Yield what suits one class number per sample."""
    answer, numbers = case.answer, case.numbers
    if case.key not in {LABEL, ANOMALY, TARGET} or numbers is None:
        return
    shared: dict[str, Any] = {"output": answer.output, "key": case.labels.name, "labels": numbers}
    text = "a class number per sample"
    if answer.is_index and answer.elements == 1:
        why = case.about(text, "is one")
        yield ClassIndex(name=TOP_1, title=TOP_1, why=why, **shared)
    elif not answer.is_index and len(answer.extents) == 1:
        why = case.about(text, f"has {answer.elements} scores")
        shared["class_count"] = answer.elements
        yield TopClass(name=TOP_1, title=TOP_1, why=why, **shared)
        if answer.elements > _FIVE:
            yield TopClass(name=TOP_5, title=TOP_5, why=why, places=_FIVE, **shared)


def unlabelled(answer: Answer) -> Metric | None:
    """Return how answers of two models are compared without labels."""
    output = answer.output
    if answer.is_index and answer.elements == 1:
        return ClassIndex(name=TOP_1, title=TOP_1, output=output, why=f"output {answer} is a class")
    if answer.is_index or len(answer.extents) != 1 or answer.looks_like_input:
        return None
    why = f"output {answer} has {answer.elements} values, which are taken as scores of classes"
    count = answer.elements
    return TopClass(name=TOP_1, title=TOP_1, output=output, why=why, class_count=count)
