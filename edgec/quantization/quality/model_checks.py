"""Doubts that are warnings: about samples, beside model or other samples; about faint outputs."""

from collections.abc import Iterator, Sequence

import numpy as np

from edgec.ir import Array, DType, Graph
from edgec.quantization.quality.metrics.choice import unlabelled
from edgec.quantization.quality.metrics.classification import TOP_1, TopClass
from edgec.quantization.quality.metrics.decisions import ACCURACY, MultiLabel
from edgec.quantization.quality.metrics.metric import Accuracy, Metric
from edgec.quantization.quality.metrics.segmentation import Positions
from edgec.quantization.quality.parts import Part
from edgec.quantization.quality.sqnr import energy, judged_values
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples

# Chosen by hand; no measurement is on record: thresholds of warnings, meant to be far from what
# sound models and data show, so that these are not warned of.
_SHOWN = 64  # samples that are run
_FEW = 8  # fewer say nothing about how outputs vary
_INDIFFERENT = 0.05  # how much outputs vary, over their magnitude; 0.2 and more is usual
_UNLIKE = 3.0  # the magnitude of data over that of the calibration samples
_ENOUGH = 20  # samples from which an accuracy says something
_FEW_STEPS = 4  # of an output's integers: so few cannot say how it varies
_POOR_DB = 10.0  # a part of the outputs below it is of little use
_BETTER = 0.05  # of what guessing leaves wrong: a model should get so much right at least

_OF_SCORES = (TopClass, MultiLabel, Positions)


def indifferent(graph: Graph, samples: Samples) -> Iterator[str]:
    """Yield a warning where a classifier gives nearly the same scores for all samples.

    Pixels from 0 to 1 do that to a model that was trained on 0 to 255: its biases decide.
    """
    shown = samples.first(_SHOWN)
    found = unlabelled(graph)
    if len(shown) < _FEW or not isinstance(found, _OF_SCORES):
        return
    if graph.types[found.output].dtype is DType.BOOL:  # a decision says nothing of scores
        return
    judged = judged_values(graph)[:1]
    if not judged:  # all outputs are decisions already
        return
    scores = BatchEvaluator(graph).run(shown.arrays, judged)[judged[0]].astype(np.float64)
    with np.errstate(invalid="ignore"):
        varying, all_of_it = energy(scores - scores.mean(axis=0)), energy(scores)
    if varying < _INDIFFERENT**2 * all_of_it:
        yield (
            f"the model's outputs vary by {np.sqrt(varying / all_of_it):.1%} only: "
            "are the samples scaled as in training? (pixels 0..1 in place of 0..255?)"
        )


def unlike(data: Samples, calibration: Samples) -> Iterator[str]:
    """Yield a warning for inputs with another magnitude than the calibration samples have."""
    for name, array in data.arrays.items():
        pair = array, calibration.arrays.get(name, array)
        ours, theirs = (float(np.sqrt(energy(x) / max(1, x.size))) for x in pair)
        if ours and theirs and not 1 / _UNLIKE < ours / theirs < _UNLIKE:
            here, there = (f"{x.min():g} to {x.max():g}" for x in pair)
            yield (
                f"{name!r} goes from {here} here, in the calibration samples from {there}: "
                "are both scaled as in training?"
            )


def faint_parts(parts: Sequence[Part]) -> Iterator[str]:
    """Yield a warning for each part that is lost in its integers, or nearly so at the outputs.

    Of a part that contains others they alone are named.
    """
    poor = [each for each in parts if each.is_lost or (each.judged and each.sqnr_db < _POOR_DB)]
    split = {(each.output, each.of, each.operand) for each in poor if each.channels is not None}
    for each in poor:
        if each.channels is None and (each.output, each.of, each.operand) in split:
            continue
        yield (
            f"{each} goes from {each.low:.3g} to {each.high:.3g}, a step of its integers is "
            f"{each.step:.3g}: {each.sqnr_db:.1f} dB are left of it; {_advice(each)}"
        )
    for each in parts:
        if each not in poor and each.judged and 0 < each.high - each.low < _FEW_STEPS * each.step:
            yield (
                f"{each} goes from {each.low:.6g} to {each.high:.6g}, a step of its integers is "
                f"{each.step:.3g}: hardly anything is left of how it varies, whatever the SQNR; "
                "add what is constant in the application, or take --quantize int16x8"
            )


def _advice(part: Part) -> str:
    if part.operand is None and part.channels is None:
        return "ask for int16 with --max-drop"
    if part.output is None:
        return "give the operands like magnitudes in the model, or ask for int16 with --max-drop"
    return "export the parts as separate outputs, or ask for int16 with --max-drop"


def about_labels(found: Sequence[Accuracy], metrics: Sequence[Metric]) -> Iterator[str]:
    """Yield why labels do not fit an output's classes, or that the model does no more than guess.

    ``found`` is what they say by the metrics, as far as they can tell.
    """
    by_key = {each.key: each for each in found}
    for metric in metrics:
        labels = metric.counted
        if labels is None:
            continue
        accuracy = by_key.get(metric.key)
        if not metric.within and metric.class_count is not None:
            yield _other_classes(labels, metric.class_count)
        elif accuracy is None and not metric.problem:
            yield f"{metric.key!r}: {metric.title} has no value: neither labels nor model have any"
        elif accuracy is not None and metric.name in {TOP_1, ACCURACY} and labels.size >= _ENOUGH:
            yield from _guessing(accuracy, labels)


def _other_classes(labels: Array, classes: int) -> str:
    low, high = int(labels.min()), int(labels.max())
    guess = "; do they count from 1? then save label - 1" if (low, high) == (1, classes) else ""
    return f"labels go from {low} to {high}, the model's classes from 0 to {classes - 1}{guess}"


def _guessing(accuracy: Accuracy, labels: Array) -> Iterator[str]:
    best = accuracy.quantized if accuracy.original is None else accuracy.original
    guessing = float(np.unique(labels, return_counts=True)[1].max() / labels.size)
    if best < guessing + _BETTER * (1 - guessing):
        yield (
            f"the {'model' if accuracy.original is None else 'float model'} is right on "
            f"{best:.1%}, always the most frequent label on {guessing:.1%}: are the samples "
            "scaled as in training, and the labels numbered as the outputs?"
        )
