"""Calibration samples of one class alone: the ranges of all others are never seen."""

from collections.abc import Iterator, Mapping

import numpy as np

from edgec.ir import Array, Graph, ValueName
from edgec.quantization.quality.metrics.answer import Answer, seen_of
from edgec.quantization.quality.metrics.choice import metrics_for
from edgec.quantization.quality.metrics.classification import TopClass
from edgec.quantization.quality.metrics.metric import Metric
from edgec.quantization.quality.metrics.segmentation import Positions
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples

_FEWEST = 8  # chosen by hand: of fewer one class is no surprise
_SHOWN = 128  # samples that are run
_NOISES, _LOUD = 128, 2.0  # of noise, and how much louder it is than samples


def class_of_all(graph: Graph, samples: Samples) -> int | None:
    """Return the class of all samples, by their labels or the float model; None where they differ.

    None too where there are few samples, and where the outputs are no scores of classes.
    """
    metric = metrics_for(graph, samples)[:1] if len(samples) >= _FEWEST else ()
    if not metric or not isinstance(metric[0], TopClass | Positions):
        return None
    if metric[0].labels is not None:
        return _only(metric[0].labels)
    shown = samples.first(_SHOWN).arrays
    found = _only(_answers(graph, metric[0], shown))
    return found if found is None or _knows_others(graph, metric[0], shown, found) else None


def _knows_others(
    graph: Graph, metric: Metric, inputs: Mapping[ValueName, Array], found: int
) -> bool:
    """Tell whether outputs are scores of classes: of noise they would not all say the same.

    The largest of numbers that are no scores, a pressure beside a temperature, is always one.
    """
    if Answer(graph, metric.output).is_probability:
        return True
    rng, noise = np.random.default_rng(0), dict[ValueName, Array]()
    for name, x in inputs.items():
        if x.dtype.kind != "f":
            return True
        center, spread = float(x.mean()), float(x.std())
        drawn = rng.standard_normal((_NOISES, *x.shape[1:]))
        noise[name] = np.asarray(center + _LOUD * spread * drawn, x.dtype)
    return bool((_answers(graph, metric, noise) != found).any())


def about_one_class(graph: Graph, samples: Samples) -> Iterator[str]:
    """Yield a warning where all samples are of one class."""
    found = class_of_all(graph, samples)
    if found is not None:
        yield (
            f"all {len(samples)} samples are of class {found}, so that ranges for the others are "
            "a guess: they are made twice as wide; add samples of every class"
        )


def _answers(graph: Graph, metric: Metric, inputs: Mapping[ValueName, Array]) -> Array:
    """Return the class of each sample, or of each position."""
    with np.errstate(all="ignore"):
        values = BatchEvaluator(graph).run(inputs, (*graph.inputs, *graph.outputs))
    found = metric.verdicts(seen_of(graph, values))
    return found[:, 0] if isinstance(metric, TopClass) else found


def _only(classes: Array) -> int | None:
    return int(classes.flat[0]) if (classes == classes.flat[0]).all() else None
