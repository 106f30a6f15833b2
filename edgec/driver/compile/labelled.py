"""Labels of samples on their way in, and what they say on its way out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from edgec.driver.compile.requirements import Requirement
from edgec.driver.options import BuildOptions
from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import Graph
from edgec.quantization.quality.evaluation import Evaluation
from edgec.quantization.quality.metrics.choice import chosen, with_fitting_labels
from edgec.quantization.quality.metrics.metric import Accuracy, Figure
from edgec.quantization.samples.npz import read_arrays
from edgec.quantization.samples.sample_labels import is_label, read_labels
from edgec.quantization.samples.sample_problems import count_problems
from edgec.quantization.samples.samples import Samples, with_outputs_named

_MOST_CLASSES = 32  # that are listed one by one


def judged_samples(
    graph: Graph, samples: Samples, path: Path, options: BuildOptions, *, strict: bool = False
) -> Samples:
    """Return samples with labels that fit an output of a graph, to be judged as --metric says.

    A build does without labels that fit nothing, with a warning. ``strict`` raises ``labels-unfit``
    or ``invalid-option`` instead, and so do --metric and a --max-drop in points.
    """
    needed = bool(options.metric) or Requirement.parse(options.max_drop).points is not None
    samples = replace(samples, metric=options.metric)
    return with_fitting_labels(graph, samples, path, strict=strict or needed)


def check_labels(data: Path, graph: Graph, metric: str) -> None:
    """Raise for labels of a file that fit no output, before hours of work; no samples are read.

    Errors: ``labels-unfit``; ``samples-shape`` for arrays of labels that differ in length;
    ``invalid-option`` for a metric that suits no labels, or has none.
    """
    read = read_arrays(
        data, lambda name: is_label(name) and name not in graph.inputs, 0, widened=lambda _: True
    )
    arrays = {name: values for name, values in read.items() if name not in graph.inputs}
    raise_all([*count_problems(arrays, (), graph.outputs, data)])
    labels = with_outputs_named(read_labels(arrays, (), graph.outputs)[0], graph)
    if metric and not labels:
        raise EdgecError(
            "labels-unfit",
            f"--metric {metric}: the file has no labels to judge by",
            place=Place(str(data)),
            help="save them beside the samples, under 'label', 'mask', 'target' or 'boxes'",
        )
    chosen(graph, labels, metric, str(data)).check()


def accuracy_json(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the share that loses most, else the first figure, as JSON values; None if none."""
    return None if evaluation.accuracy is None else figure_json(evaluation.accuracy)


def accuracies_json(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return the figures of all labels as JSON values."""
    return [figure_json(each) for each in evaluation.accuracies]


def agreement_json(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return what two models have alike, and why that is compared."""
    found = evaluation.agreement
    if found is None:
        return None
    return {
        "share": found.share,
        "metric": found.title,
        "output": found.output,
        "why": found.why,
    }


def figure_json(found: Accuracy) -> dict[str, Any]:
    """Return what one array of labels says as JSON values."""
    classes = found.classes if len(found.classes) <= _MOST_CLASSES else {}
    return {
        "metric": found.metric,
        "name": found.name,
        "why": found.why,
        "labels": found.key,
        "output": found.output,
        "higher_is_better": found.higher_is_better,
        "unit": found.unit,
        "float": found.original,
        "quantized": found.quantized,
        "loss": found.loss,
        "more": {name: _pair(each) for name, each in found.more.items()},
        "per_class": [{"class": number, **_pair(each)} for number, each in classes.items()],
    }


def _pair(figure: Figure) -> dict[str, float | None]:
    return {"float": figure.original, "quantized": figure.quantized}
