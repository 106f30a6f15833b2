"""What a metric is: verdicts of outputs, batch by batch, and one figure for all of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from edgec.ir import Array, ValueName

_Key = TypeVar("_Key")
Seen = Mapping[ValueName, Array]
"""Real values of inputs and outputs by name, [samples, *a sample's shape in the source]."""
SHARE, OUTPUT, RATIO = "share", "output", "ratio"
"""Units: from 0 to 1, as much as can be right; that of the output; none at all."""


@dataclass(frozen=True, slots=True)
class Score:
    """What labels say: ``value`` by the metric itself, ``more`` figures by name, and per class.

    None stands where these labels cannot tell.
    """

    value: float | None
    more: Mapping[str, float | None] = field(default_factory=dict)
    classes: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric(ABC):
    """Judges one ``output`` of a model; ``name`` is what --metric takes, ``title`` what users read.

    ``why`` says why it was chosen. ``labels`` are those of all samples, in the form that
    ``measure`` takes; None where the verdicts of two models are compared and no more. ``unit`` is
    SHARE, OUTPUT or RATIO. ``of_classes`` are verdicts that two models can have alike.
    ``class_count`` is how many classes the output tells apart, None where that is unknown;
    ``problem`` says why labels cannot tell anything.
    """

    name: str
    title: str
    output: ValueName
    why: str
    key: str = ""
    labels: Array | None = None
    higher_is_better: bool = True
    unit: str = SHARE
    of_classes: bool = True
    class_count: int | None = None
    problem: str = ""

    @abstractmethod
    def verdicts(self, seen: Seen) -> Array:
        """Return what is kept of a batch, [samples, ...]."""

    @abstractmethod
    def measure(self, verdicts: Array) -> Score:
        """Return what the labels say of the verdicts on all samples."""

    def agreement(self, one: Array, other: Array) -> float | None:
        """Return the share of verdicts that two models have alike; None where they are no classes.

        Both are of the same samples, one at least.
        """
        return float((one == other).mean()) if self.of_classes and one.size else None

    @property
    def is_share(self) -> bool:
        return self.unit == SHARE

    @property
    def answer(self) -> str:
        """What two models have alike, in the words of users."""
        return self.title

    @property
    def counted(self) -> Array | None:
        """The labels that say something."""
        return self.labels

    @property
    def within(self) -> bool:
        """Whether the labels are classes that the output has."""
        labels = self.counted
        if labels is None or self.class_count is None or not labels.size:
            return True
        return bool(labels.min() >= 0 and labels.max() < self.class_count)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both models; ``original`` is None where there is no float model."""

    original: float | None
    quantized: float | None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What labels say, and by which metric; ``original`` is the float model's.

    ``more`` figures have names, ``classes`` numbers.
    """

    original: float | None
    quantized: float
    metric: str
    name: str = ""
    why: str = ""
    output: str = ""
    key: str = ""
    higher_is_better: bool = True
    unit: str = SHARE
    more: Mapping[str, Figure] = field(default_factory=dict)
    classes: Mapping[int, Figure] = field(default_factory=dict)

    @classmethod
    def of(cls, metric: Metric, before: Score | None, after: Score) -> "Accuracy | None":
        """Return what two scores say; None where the labels cannot tell of one of them."""
        old = before or Score(None)
        if metric.problem or after.value is None or (before and before.value is None):
            return None
        return cls(
            old.value,
            after.value,
            metric.title,
            metric.name,
            metric.why,
            metric.output,
            metric.key,
            metric.higher_is_better,
            metric.unit,
            _pairs(old.more, after.more),
            _pairs(old.classes, after.classes),
        )

    @property
    def is_share(self) -> bool:
        return self.unit == SHARE

    @property
    def loss(self) -> float | None:
        """How much worse the quantized model is, in the metric's unit; below 0 it is better."""
        if self.original is None:
            return None
        lost = self.original - self.quantized
        return lost if self.higher_is_better else self.quantized - self.original


def figures_alone(metrics: Iterable[Metric], seen: Seen) -> tuple[Accuracy, ...]:
    """Return what labels say of one model's outputs, by the metrics that can tell."""
    made = (Accuracy.of(each, None, each.measure(each.verdicts(seen))) for each in metrics)
    return tuple(each for each in made if each is not None)


def _pairs(
    before: Mapping[_Key, float | None] | Mapping[_Key, float],
    after: Mapping[_Key, float | None] | Mapping[_Key, float],
) -> dict[_Key, Figure]:
    return {key: Figure(before.get(key), after.get(key)) for key in {**after, **before}}
