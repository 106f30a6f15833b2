"""Values that should be as the labels say: regression, denoising, depth."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from edgec.ir import Array
from edgec.quantization.quality.metrics.answer import Case
from edgec.quantization.quality.metrics.metric import OUTPUT, RATIO, Metric, Score, Seen
from edgec.quantization.samples.sample_labels import LABEL, TARGET

MAE, RMSE, R2 = "mae", "rmse", "r2"
_TITLES = {MAE: "MAE", RMSE: "RMSE", R2: "R2"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueDistance(Metric):
    """The mean absolute error, the root of the mean squared one, or R2, over all elements.

    R2 is 1 - the squared error over that of always saying the mean of the labels, element by
    element of the output, both summed over all elements; there is none (None) where all samples
    have the same label.
    """

    def verdicts(self, seen: Seen) -> Array:
        return seen[self.output].reshape(len(seen[self.output]), -1)

    def measure(self, verdicts: Array) -> Score:
        assert self.labels is not None  # noqa: S101 - who has no labels does not ask
        off = verdicts.astype(np.float64) - self.labels
        squares = float((off**2).sum())
        spread = float(((self.labels - self.labels.mean(axis=0)) ** 2).sum())
        known = spread > 0 and not _is_constant(self.labels)
        more = {
            _TITLES[MAE]: float(np.abs(off).mean()),
            _TITLES[RMSE]: sqrt(squares / off.size),
            _TITLES[R2]: 1 - squares / spread if known else None,
        }
        return Score(more.pop(self.title), more)


def fitting(case: Case) -> Iterator[Metric]:
    """Yield what suits a number for every element of an output."""
    answer, values = case.answer, case.labels.values
    if case.key not in {LABEL, TARGET} or answer.is_index or case.extents != answer.extents:
        return
    if values.dtype.kind not in "biuf" or not values.size:
        return
    labels = values.reshape(len(values), -1).astype(np.float64)
    if not (np.abs(labels) <= np.finfo(np.float32).max).all():
        return
    constant = _is_constant(labels)
    each = "a number" if answer.elements == 1 else f"{answer.elements} numbers"
    for name, title in _TITLES.items():
        yield ValueDistance(
            name=name,
            title=title,
            output=answer.output,
            key=case.labels.name,
            why=case.about(f"{each} per sample", "has as many"),
            labels=labels,
            higher_is_better=name == R2,
            unit=RATIO if name == R2 else OUTPUT,
            of_classes=False,
            problem="all samples have the same label: R2 has no meaning"
            if name == R2 and constant
            else "",
        )


def _is_constant(labels: Array) -> bool:
    return bool((labels == labels[:1]).all())
