"""Calibration samples of one class alone: the ranges of all others are never seen."""

from collections.abc import Iterator, Mapping

import numpy as np

from edgec.ir import Array, Graph, ValueName
from edgec.quantization.quality.metrics import TOP_1, metric_for
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples

_FEWEST = 8  # chosen by hand: of fewer one class is no surprise
_SHOWN = 128  # samples that are run


def class_of_all(graph: Graph, samples: Samples) -> int | None:
    """Return the class of all samples, by their labels or the float model; None where they differ.

    None too where there are few samples, and where the outputs are no scores of classes.
    """
    if len(samples) < _FEWEST or metric_for(graph, samples.label) is not TOP_1:
        return None
    if samples.label is not None and samples.label.dtype.kind in "iu":
        return _only(samples.label)
    shown = samples.first(_SHOWN)
    return _only(_answers(graph, shown.arrays))


def about_one_class(graph: Graph, samples: Samples) -> Iterator[str]:
    """Yield a warning where all samples are of one class."""
    found = class_of_all(graph, samples)
    if found is not None:
        yield (
            f"all {len(samples)} samples are of class {found}, so that ranges for the others are "
            "a guess: they are made twice as wide; add samples of every class"
        )


def _answers(graph: Graph, inputs: Mapping[ValueName, Array]) -> Array:
    with np.errstate(all="ignore"):
        values = BatchEvaluator(graph).run(inputs)
    return TOP_1.verdicts(values[graph.inputs[0]], values[graph.outputs[0]])


def _only(classes: Array) -> int | None:
    return int(classes.flat[0]) if (classes == classes.flat[0]).all() else None
