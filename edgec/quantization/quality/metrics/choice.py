"""Which metric suits: by the labels' key, shape and type, and by what made the output."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgec.errors import EdgecError, ExitCode, Place, raise_all
from edgec.ir import Array, Graph, ValueName
from edgec.quantization.quality.metrics import (
    anomaly,
    classification,
    decisions,
    detection,
    distances,
    segmentation,
)
from edgec.quantization.quality.metrics.answer import Answer, Case
from edgec.quantization.quality.metrics.metric import Metric
from edgec.quantization.samples.sample_labels import (
    ANOMALY,
    BOXES,
    BOXES_CENTER,
    CLASSES,
    LABEL,
    MASK,
    TARGET,
    Labels,
)
from edgec.quantization.samples.samples import Samples

_FAMILIES = (anomaly, classification, decisions, segmentation, distances, detection)
"""In the order in which what fits is preferred."""
NAMES = (
    *(classification.TOP_1, classification.TOP_5, decisions.ACCURACY, decisions.AUC),
    *(decisions.F1, decisions.EXACT, anomaly.ERROR_AUC, segmentation.IOU, segmentation.PIXELS),
    *(distances.MAE, distances.RMSE, distances.R2, detection.BOX_IOU, detection.AP),
)
"""What --metric takes."""
_FORMS = {
    LABEL: "a class number per sample (or one-hot); 0 or 1, or a number, for every value of an "
    "output; a class number for every position of an output",
    ANOMALY: "0 or 1 per sample, 1 for an anomaly",
    MASK: "a class number for every position of an output, 255 where there is none",
    TARGET: "a number for every value of an output, or what 'label' takes",
    BOXES: "two corners of each box, the lower one first, [samples, boxes, 4], in the form of an "
    "output [boxes, 4], or [boxes, 4 + scores]; NaN or -1 where there is no box; with scores of "
    f"several classes {CLASSES!r}, [samples, boxes]",
}
_FORMS[BOXES_CENTER] = _FORMS[BOXES].replace(
    "two corners of each box, the lower one first", "center and size of each box"
)
_RAW = (
    "boxes that have to be decoded first (anchors, grids) cannot be judged: decode them in the "
    "model, into an output [boxes, 4] and one of scores"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The metrics of a file's labels, in their order, and what is wrong with other labels.

    ``unfit`` fit no output, ``unwanted`` cannot be judged as --metric says.
    """

    metrics: tuple[Metric, ...]
    unfit: tuple[EdgecError, ...] = ()
    unwanted: tuple[EdgecError, ...] = ()

    def check(self) -> None:
        """Raise for all labels that fit nothing, and where none can be judged as is wanted."""
        raise_all([*self.unfit, *(() if self.metrics else self.unwanted)])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What there is to say, where it is no error."""
        told = [f"{each.message}: no accuracy" for each in (*self.unfit, *self.unwanted)]
        return (*told, *(f"{each.key!r}: {each.problem}" for each in self.metrics if each.problem))


def chosen(graph: Graph, labels: Sequence[Labels], wanted: str = "", place: str = "") -> Choice:
    """Return a metric for each array of labels; ``wanted`` by its name, "" for what suits.

    Errors in what is returned: ``labels-unfit``, ``invalid-option``.
    """
    metrics, unfit, unwanted = [], [], []
    for each in labels:
        found = list(_suiting(graph, each))
        asked = [metric for metric in found if wanted in {"", metric.name}]
        if asked:
            metrics.append(_best(each, asked))
        elif found:
            unwanted.append(_unwanted(each, wanted, found, place))
        else:
            unfit.append(_unfit(graph, each, place))
    return Choice(tuple(metrics), tuple(unfit), tuple(unwanted))


def metrics_for(graph: Graph, samples: Samples) -> tuple[Metric, ...]:
    """Return what judges samples: by their labels, or, without, how alike two models answer."""
    found = chosen(graph, samples.labels, samples.metric).metrics
    alike = None if found else unlabelled(graph)
    return found if alike is None else (alike,)


def unlabelled(graph: Graph) -> Metric | None:
    """Return how the answers of two models are compared: of the first output that has classes."""
    for output in graph.without_states(graph.outputs):
        answer = Answer(graph, output)
        if answer.is_constant:
            continue
        for family in (classification, decisions, segmentation):
            found: Metric | None = family.unlabelled(answer)
            if found is not None:
                return replace(found, why=f"there are no labels; {found.why}")
    return None


def with_fitting_labels(graph: Graph, samples: Samples, path: Path, *, strict: bool) -> Samples:
    """Return samples without labels that fit nothing: a warning says so.

    ``strict`` raises instead, as :meth:`Choice.check`.
    """
    found = chosen(graph, samples.labels, samples.metric, str(path))
    if strict:
        found.check()
    kept = {each.key for each in found.metrics}
    labels = tuple(each for each in samples.labels if each.name in kept)
    told = tuple(f"{path.name}: {text}" for text in found.warnings)
    return replace(samples, labels=labels, warnings=(*samples.warnings, *told))


def _best(labels: Labels, found: Sequence[Metric]) -> Metric:
    """Return the first that can tell something, of the output whose classes the labels are within.

    ``found`` is what suits, output by output, one at least.
    """
    firsts = list({each.output: each for each in reversed(found)}.values())[::-1]
    order = sorted(firsts, key=lambda each: (not each.within, bool(each.problem)))
    best, *others = order
    alike = [each for each in others if each.name == best.name]
    also = [each.output for each in alike if each.within and not each.problem]
    if not also or labels.output:
        return best
    told = f"; output {str(also[0])!r} would do too: save '{labels.key}:{also[0]}' to mean that"
    return replace(best, why=f"{best.why}{told}")


def _suiting(graph: Graph, labels: Labels) -> Iterator[Metric]:
    families: Sequence[Any] = _FAMILIES
    if labels.key == TARGET:  # numbers to be hit, before classes
        families = (distances, *(each for each in families if each is not distances))
    for output in graph.without_states(graph.outputs):
        if labels.output in {"", output} and labels.values.ndim:
            case = Case(Answer(graph, output), labels)
            for family in families:
                yield from family.fitting(case)


def _unwanted(labels: Labels, wanted: str, found: Sequence[Metric], path: str) -> EdgecError:
    known = dict.fromkeys(each.name for each in found)
    return EdgecError(
        "invalid-option",
        f"--metric {wanted} does not suit the labels {labels}",
        place=_place(labels, path),
        help=f"they can be judged by {', '.join(known)}; without --metric it is the first",
        exit_code=ExitCode.USAGE,
    )


def _unfit(graph: Graph, labels: Labels, path: str) -> EdgecError:
    outputs = graph.without_states(graph.outputs)
    listed = ", ".join(f"{str(each)!r} {list(Answer(graph, each).shape)}" for each in outputs)
    if labels.output and ValueName(labels.output) not in outputs:
        named = "no output of the model"
        if any(labels.output == each.name for each in graph.fixed):
            named = "an output that is a constant: there is nothing to judge"
        return EdgecError(
            "labels-unfit",
            f"the labels {labels} name {named}",
            place=_place(labels, path),
            help=f"the outputs, a sample each: {listed}",
        )
    return EdgecError(
        "labels-unfit",
        f"the labels {labels}{_range(labels)} fit no output of the model: {listed}",
        place=_place(labels, path),
        help=_advice(labels),
    )


def _place(labels: Labels, path: str) -> Place | None:
    return Place(path, f"array {labels.name!r}") if path else None


def _advice(labels: Labels) -> str:
    hint = f"key {labels.key!r} takes {_FORMS[labels.key]}"
    if labels.values.dtype.kind not in "biuf":
        return f"save numbers: numpy.unique(labels, return_inverse=True)[1]; {hint}"
    if labels.key in {BOXES, BOXES_CENTER}:
        return f"{hint}; {_RAW}"
    if _odd(labels.values):
        return f"repair these samples, or leave them out; {hint}"
    keys = [key for key in _FORMS if key not in {labels.key, BOXES_CENTER}]
    others = "; ".join(f"{key!r} {_FORMS[key]}" for key in keys)
    return f"{hint}. Other keys: {others}"


def _odd(values: Array) -> int:
    """Return how many values are NaN or infinite."""
    return int((~np.isfinite(values.astype(np.float64))).sum())


def _range(labels: Labels) -> str:
    """Return what the values are, as far as that may be why they fit nothing."""
    values, classes = labels.values, labels.classes
    told = ""
    if values.dtype.kind in "biuf" and values.size:
        numbers = values.astype(np.float64)
        odd = _odd(values)
        whole = "whole numbers" if (numbers == np.floor(numbers)).all() else "numbers"
        told = f", {whole} from {numbers.min():g} to {numbers.max():g},"
        told = f", {odd} of them NaN or infinite," if odd else told
    if classes is not None:
        told = f", with {CLASSES!r} ({classes.dtype} of shape {classes.shape}){told}"
    return told
