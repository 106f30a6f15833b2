"""Classes of positions: pixels of an image, steps of a sequence."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array
from edgec.quantization.quality.metrics.answer import Answer, Case, without_ones
from edgec.quantization.quality.metrics.metric import Metric, Score, Seen
from edgec.quantization.samples.sample_labels import LABEL, MASK, TARGET, whole_numbers

IOU, PIXELS = "iou", "pixel-accuracy"
VOID = 255
"""A label that says nothing: these positions count nowhere, unless there are so many classes."""
_BOTH = 2
_MOST = 1 << 16  # classes; no label is so large, and it stands for all numbers that are no class


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Positions(Metric):
    """Compares classes position by position.

    The class is the largest along axis ``channel`` of a sample; without such an axis the output is
    the class number, or above ``threshold`` class 1. The IoU of a class is the positions that
    labels and model both give it over those that one of them does, on all samples; the mean is
    that of the classes that occur at all. With one value at each (``threshold``) it is the IoU of
    class 1.
    """

    channel: int | None = None
    threshold: float | None = None

    def verdicts(self, seen: Seen) -> Array:
        """Return classes, [samples, positions]."""
        values = seen[self.output]
        if self.channel is not None:
            values = values.argmax(axis=1 + self.channel)
        elif self.threshold is not None:
            values = values >= self.threshold
        classes = values.reshape(len(values), -1).astype(np.int32)
        return np.where((classes < 0) | (classes > _MOST), _MOST, classes)

    def measure(self, verdicts: Array) -> Score:
        assert self.labels is not None  # noqa: S101 - who has no labels does not ask
        known = _known(self.labels, self.class_count)
        there, said = self.labels[known], verdicts[known]
        if not there.size:
            return Score(None)
        both = np.bincount(there[there == said])
        count = 1 + int(max(there.max(), said.max()))
        hits = np.zeros(count, np.int64)
        hits[: both.size] = both
        union = np.bincount(there, minlength=count) + np.bincount(said, minlength=count) - hits
        classes = {i: int(hits[i]) / int(union[i]) for i in range(count) if union[i]}
        mean = sum(classes.values()) / len(classes)
        right = float(hits.sum() / there.size)
        more: dict[str, float | None] = {"mean IoU": mean, "pixel accuracy": right}
        if self.threshold is not None:
            more[_FOREGROUND] = classes.get(1)
        return Score(more.pop(self.title), more, classes)

    @property
    def answer(self) -> str:
        return _ANSWER

    @property
    def counted(self) -> Array | None:
        return None if self.labels is None else self.labels[_known(self.labels, self.class_count)]


_FOREGROUND = "IoU of class 1"
_ANSWER = "class at every position"


def fitting(case: Case) -> Iterator[Metric]:
    """Yield what suits a class number for each position of an output."""
    whole = whole_numbers(case.labels.values)
    if case.key not in {MASK, LABEL, TARGET} or whole is None or not case.extents:
        return
    if whole.min() < 0 or whole.max() >= _MOST:
        return
    answer, labels = case.answer, whole.reshape(len(whole), -1)
    channel = None if answer.is_index else channel_of(answer, case.extents)
    if channel is not None:
        yield from _metrics(case, labels, answer.shape[channel], channel)
    elif case.extents == answer.extents and answer.is_index:
        yield from _metrics(case, labels, None, None)
    elif case.extents == answer.extents:
        yield from _of_one_value(case, whole, labels)


def _of_one_value(case: Case, whole: Array, labels: Array) -> Iterator[Metric]:
    """Yield what suits labels of the output's own shape: 0, 1 and void, or one-hot."""
    answer = case.answer
    values = {*np.unique(labels).tolist()}
    axis = answer.channel
    rank = len(answer.shape)
    one_hot = (
        case.key == MASK
        and whole.shape[1:] == answer.shape
        and rank > 1
        and answer.shape[axis] > 1
        and values <= {0, 1}
        and (whole.sum(axis=1 + axis) == 1).all()
    )
    if one_hot:
        numbers = whole.argmax(axis=1 + axis).reshape(len(whole), -1)
        yield from _metrics(case, numbers, answer.shape[axis], axis)
    elif values <= {0, 1, VOID}:
        yield from _metrics(case, labels, _BOTH, None)


def channel_of(answer: Answer, positions: tuple[int, ...]) -> int | None:
    """Return the axis of classes in an output whose other axes are these; None where none is.

    Where several would do, it is the one that is the last in our layout, then the last, the first.
    """
    shape = answer.shape
    for axis in dict.fromkeys((answer.channel, len(shape) - 1, 0)):
        if (
            shape
            and shape[axis] > 1
            and without_ones(shape[:axis] + shape[axis + 1 :]) == positions
        ):
            return axis
    return None


def _metrics(case: Case, labels: Array, count: int | None, channel: int | None) -> Iterator[Metric]:
    answer = case.answer
    threshold = answer.threshold if channel is None and count else None
    because = "is a class number at each"
    if channel is not None:
        because = f"has {count} scores at each (axis {channel} of {answer.shape})"
    elif threshold is not None:
        because = f"has a value at each; {answer.threshold_reason}"
    problem = ""
    values = {*np.unique(labels).tolist()}
    if _has_void(count) and values == {VOID}:
        problem = f"all labels are {VOID}, which says nothing of a position"
    elif count == _BOTH and values == {0, VOID}:
        problem = (
            f"labels are 0 and {VOID}, and {VOID} says nothing of a position; if it means class 1, "
            f"save mask // {VOID}"
        )
    text = f"a class number for each of {labels.shape[1]} positions"
    void = int((~_known(labels, count)).sum())
    if void:
        text = f"{text} ({VOID}, at {void / labels.size:.1%} of them, counts nowhere)"
    iou = "mean IoU" if threshold is None else _FOREGROUND
    for name, title in ((IOU, iou), (PIXELS, "pixel accuracy")):
        yield Positions(
            name=name,
            title=title,
            output=answer.output,
            key=case.labels.name,
            why=case.about(text, because),
            labels=labels,
            class_count=count,
            channel=channel,
            threshold=threshold,
            problem=problem,
        )


def _has_void(count: int | None) -> bool:
    return count is None or count <= VOID


def _known(labels: Array, count: int | None) -> Array:
    """Tell which positions count."""
    return labels != VOID if _has_void(count) else np.ones(labels.shape, bool)


def unlabelled(answer: Answer) -> Metric | None:
    """Return how maps of classes of two models are compared without labels."""
    title, output = _ANSWER, answer.output
    why = f"output {answer} is a map of classes"
    if answer.is_index:
        return Positions(name=PIXELS, title=title, output=output, why=why)
    axis = answer.channel
    if len(answer.extents) <= 1 or answer.looks_like_input or answer.shape[axis] == 1:
        return None
    why = f"output {answer} has {answer.shape[axis]} values at every position, taken as scores"
    return Positions(
        name=PIXELS,
        title=title,
        output=output,
        why=why,
        channel=axis,
        class_count=answer.shape[axis],
    )
