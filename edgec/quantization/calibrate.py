"""Calibration: runs the float reference over samples and observes every value."""

from collections.abc import Callable, Mapping

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Graph, ValueName, evaluate_all
from edgec.ops.base import is_float
from edgec.quantization.observers import MinMax, Observer, Range, is_finite
from edgec.quantization.samples import Samples

OnProgress = Callable[[int, int], None]
"""Called after each sample with the number of samples done and of all."""


def calibrate(
    graph: Graph,
    samples: Samples,
    on_progress: OnProgress | None = None,
    observer: Callable[[], Observer] = MinMax,
) -> dict[ValueName, Range]:
    """Return the range of every float value that is no constant.

    Raises ``non-finite-activation`` where a value becomes infinite or NaN.
    """
    observers = {value: observer() for value in _observed(graph)}
    for index in range(len(samples)):
        with np.errstate(all="ignore"):
            values = evaluate_all(graph, samples.sample(index))
        for value, each in observers.items():
            each.update(values[value])
        if on_progress is not None:
            on_progress(index + 1, len(samples))
    ranges = {value: each.range() for value, each in observers.items()}
    _check_finite(graph, ranges)
    return ranges


def _observed(graph: Graph) -> list[ValueName]:
    return [
        value
        for value, kind in graph.types.items()
        if is_float(kind) and value not in graph.constants
    ]


def _check_finite(graph: Graph, ranges: Mapping[ValueName, Range]) -> None:
    for node in graph.nodes:
        for value in node.outputs:
            if value in ranges and not is_finite(ranges[value]):
                raise EdgecError(
                    "non-finite-activation",
                    f"the output of {node.op.name} becomes infinite or NaN on the samples",
                    place=Place(inside=f"node {node.name!r}"),
                    help="check the samples' scale (as in training?) and the model's weights",
                )
