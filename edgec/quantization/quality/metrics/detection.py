"""Boxes: how well they lie on those that labels state; with scores, average precision.

Boxes of labels and of outputs have the same form and unit: two corners (x, y, x, y or y, x, y, x),
or a center and a size. Scores are an output of their own, or lie behind the four numbers of each
box. What has to be decoded first (anchors, grids) is refused: edgec would have to guess how.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgec.ir import Array, ValueName
from edgec.quantization.quality.metrics.answer import Answer, Case
from edgec.quantization.quality.metrics.metric import Metric, Score, Seen
from edgec.quantization.samples.sample_labels import (
    BOXES,
    BOXES_CENTER,
    CLASSES,
    whole_numbers,
)

BOX_IOU, AP = "box-iou", "ap"
_SIDES, _AXES = 4, 2  # numbers of a box; axes of an output of boxes
_HALF = 0.5  # IoU from which on a box is found, and a second one says the same
_MOST = 100  # boxes of a class in a sample that are looked at, those with the best scores


@dataclass(frozen=True, slots=True)
class Rows:
    """Where an output [boxes, columns] has its boxes; ``turned`` where it is [columns, boxes].

    A column beyond the four of a box is the score of a class.
    """

    count: int
    columns: int
    turned: bool = False

    def of(self, values: Array) -> Array:
        """Return [samples, ...] as [samples, boxes, columns]."""
        if self.turned:
            return values.reshape(len(values), self.columns, self.count).transpose(0, 2, 1)
        return values.reshape(len(values), self.count, self.columns)

    @property
    def has_scores(self) -> bool:
        return self.columns > _SIDES


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boxes(Metric):
    """The mean IoU of every labelled box with the output's box that lies best on it.

    ``labels`` are corners, [samples, boxes, 4]; rows of NaN are no boxes.
    """

    centered: bool
    rows: Rows

    def verdicts(self, seen: Seen) -> Array:
        """Return the corners of boxes, [samples, boxes, 4]."""
        boxes = self.rows.of(seen[self.output])[:, :, :_SIDES]
        return corners(boxes.astype(np.float64), self.centered)

    def measure(self, verdicts: Array) -> Score:
        assert self.labels is not None  # noqa: S101 - who has no labels does not ask
        best = [
            ious(wanted, found).max(axis=1)
            for wanted, found in zip(map(_there, self.labels), verdicts, strict=True)
        ]
        all_of_them = np.concatenate(best)
        return Score(float(all_of_them.mean()) if all_of_them.size else None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Precision(Boxes):
    """The average precision at an IoU of 0.5, the mean over the classes that labels have.

    Per class and sample the 100 boxes with the best scores are taken, those that overlap a better
    one by more than 0.5 left out. Over all samples, best scores first, a box is right where it lies
    on a labelled one, not yet found, by 0.5 and more. AP is the area under precision over recall,
    precision at a recall being the best at this recall or beyond.
    """

    scores: ValueName | None  # None where they lie behind the boxes
    classes: Array  # [samples, boxes]; class numbers of ``labels``

    def verdicts(self, seen: Seen) -> Array:
        """Return corners and scores, [samples, boxes, 4 + classes]."""
        boxes = Boxes.verdicts(self, seen)
        if self.scores is None:
            scores = self.rows.of(seen[self.output])[:, :, _SIDES:]
        else:
            scores = seen[self.scores].reshape(*boxes.shape[:2], -1)
        return np.concatenate([boxes, scores], axis=2)

    def measure(self, verdicts: Array) -> Score:
        assert self.labels is not None  # noqa: S101 - who has no labels does not ask
        present = ~np.isnan(self.labels).any(axis=2)
        found: dict[int, float] = {}
        for number in np.unique(self.classes[present]).tolist():
            wanted = [
                boxes[there & (classes == number)]
                for boxes, there, classes in zip(self.labels, present, self.classes, strict=True)
            ]
            if number >= verdicts.shape[2] - _SIDES:
                found[number] = 0.0
                continue
            boxes, scores = verdicts[:, :, :_SIDES], verdicts[:, :, _SIDES + number]
            found[number] = average_precision(wanted, boxes, scores)
        mean = sum(found.values()) / len(found) if found else None
        return Score(mean, {}, found if verdicts.shape[2] > _SIDES + 1 else {})


def corners(boxes: Array, centered: bool) -> Array:
    """Return boxes [..., 4] as two corners."""
    if not centered:
        return boxes
    middle, half = boxes[..., :2], boxes[..., 2:] / 2
    return np.concatenate([middle - half, middle + half], axis=-1)


def ious(some: Array, others: Array) -> Array:
    """Return the intersection over union of corners, [n, 4] and [m, 4] -> [n, m]."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(axis=2)
    union = _areas(some)[:, None] + _areas(others)[None] - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(both), where=union > 0))


def average_precision(wanted: list[Array], boxes: Array, scores: Array) -> float:
    """Return the AP of one class.

    ``wanted`` has the labelled boxes of each sample; ``boxes`` are [samples, n, 4], ``scores``
    [samples, n].
    """
    marks: list[tuple[float, bool]] = []
    for there, found, rated in zip(wanted, boxes, scores, strict=True):
        marks += _marked(there, found, rated)
    total = sum(map(len, wanted))
    right = np.array([hit for _, hit in sorted(marks, key=lambda mark: -mark[0])], bool)
    hits = right.cumsum()
    precision = hits / np.arange(1, right.size + 1)
    beyond = np.maximum.accumulate(precision[::-1])[::-1]
    return float(beyond[right].sum() / total)


def _marked(wanted: Array, boxes: Array, scores: Array) -> Iterator[tuple[float, bool]]:
    """Yield the scores of a sample's boxes, best first, and whether each finds a labelled one."""
    order = np.argsort(-scores, kind="stable")[:_MOST]
    overlaps = ious(boxes[order], boxes[order])
    taken: list[int] = []
    free = np.ones(len(wanted), bool)
    for place, number in enumerate(order):
        if any(overlaps[place, other] > _HALF for other in taken):
            continue
        taken.append(place)
        fits = np.where(free, ious(boxes[number][None], wanted)[0], -1.0)
        best = int(fits.argmax()) if fits.size else -1
        hit = best >= 0 and bool(fits[best] >= _HALF)
        if hit:
            free[best] = False
        yield float(scores[number]), hit


def fitting(case: Case) -> Iterator[Metric]:
    """Yield what suits labelled boxes beside an output of boxes, and of scores if there is one."""
    answer, boxes = case.answer, _stated(case)
    rows = _rows(answer)
    if boxes is None or rows is None:
        return
    plural = f"{rows.count} boxes" if rows.count > 1 else "a box"
    shared: dict[str, Any] = {
        "output": answer.output,
        "key": case.labels.name,
        "labels": boxes,
        "of_classes": False,
        "centered": case.key == BOXES_CENTER,
        "rows": rows,
    }
    if np.isnan(boxes).all():
        shared["problem"] = "there is no labelled box"
    scores = None if rows.has_scores else next(_scores(answer, rows), None)
    if rows.has_scores or scores is not None:
        count = scores.elements // rows.count if scores else rows.columns - _SIDES
        numbers = np.zeros(boxes.shape[:2], np.int64) if count == 1 else _classes(case)
        where = f"output {scores} their scores" if scores else "with their scores behind them"
        plural = f"{plural}, {where} ({_plural(count)})"
        if numbers is not None:
            why = case.about("boxes", f"has {plural}")
            name = scores.output if scores else None
            title = "AP at IoU 0.5" if count == 1 else "mean AP at IoU 0.5"
            yield Precision(name=AP, title=title, why=why, scores=name, classes=numbers, **shared)
    lacking = f"; for AP save {CLASSES!r}, too" if scores or rows.has_scores else ""
    lacking = lacking if case.labels.classes is None else ""
    why = case.about("boxes", f"has {plural} per sample{lacking}")
    yield Boxes(name=BOX_IOU, title="mean box IoU", why=why, **shared)


def _plural(classes: int) -> str:
    return f"{classes} classes" if classes > 1 else "one class"


def _stated(case: Case) -> Array | None:
    """Return the corners of labelled boxes, [samples, boxes, 4], NaN where there is none.

    None where they are no boxes: corners are in order, sizes not below 0, classes one for each.
    """
    values = case.labels.values
    if case.key not in {BOXES, BOXES_CENTER} or values.dtype.kind not in "biuf":
        return None
    if values.ndim not in {2, 3} or values.shape[-1] != _SIDES or not values.size:
        return None
    if case.labels.classes is not None and _classes(case) is None:
        return None
    boxes = values.reshape(len(values), -1, _SIDES).astype(np.float64)
    boxes = np.where((boxes < 0).all(axis=2, keepdims=True), np.nan, boxes)
    there = boxes[~np.isnan(boxes).all(axis=2)]
    sizes = there[:, 2:] if case.key == BOXES_CENTER else there[:, 2:] - there[:, :2]
    is_sound = np.isfinite(there).all() and (sizes >= 0).all()
    return corners(boxes, centered=case.key == BOXES_CENTER) if is_sound else None


def _classes(case: Case) -> Array | None:
    """Return the class numbers of labelled boxes, [samples, boxes]; None where there are none."""
    classes = None if case.labels.classes is None else whole_numbers(case.labels.classes)
    samples = len(case.labels.values)
    count = case.labels.values.size // samples // _SIDES
    if classes is None or classes.size != samples * count:
        return None
    return classes.reshape(samples, count)


def _rows(answer: Answer) -> Rows | None:
    """Return where an output has boxes: four numbers each, or four and scores; None if nowhere.

    Scores behind boxes are looked for only where no output holds boxes alone. There are more boxes
    then than numbers for each, or as many.
    """
    alone = _boxes_alone(answer)
    names = answer.graph.without_states(answer.graph.outputs)
    others = any(_boxes_alone(Answer(answer.graph, name)) for name in names)
    if alone is not None or others or answer.is_index or len(answer.extents) != _AXES:
        return alone
    first, last = answer.extents
    if min(first, last) <= _SIDES:
        return None
    return Rows(first, last) if last <= first else Rows(last, first, turned=True)


def _boxes_alone(answer: Answer) -> Rows | None:
    extents = answer.extents
    if answer.is_index or len(extents) not in {1, _AXES}:
        return None
    if extents[-1] == _SIDES:
        return Rows(answer.elements // _SIDES, _SIDES)
    if extents[0] == _SIDES and len(extents) == _AXES:
        return Rows(extents[1], _SIDES, turned=True)
    return None


def _scores(boxes: Answer, rows: Rows) -> Iterator[Answer]:
    """Yield the other outputs that have a row, or a number, for each of the boxes."""
    graph = boxes.graph
    for name in graph.without_states(graph.outputs):
        other = Answer(graph, name)
        if name == boxes.output or other.is_index or not other.extents or rows.count == 1:
            continue
        if other.extents[0] == rows.count and len(other.extents) <= _AXES:
            yield other


def _there(boxes: Array) -> Array:
    return np.asarray(boxes[~np.isnan(boxes).any(axis=1)])


def _areas(boxes: Array) -> Array:
    return np.asarray(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1))
