"""Calibration: runs the float reference over samples and summarizes every value."""

from collections.abc import Callable, Iterator

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.operator import is_float
from edgec.quantization.ranges.looks import Looks
from edgec.quantization.ranges.observers import METHODS, Range, Summary
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.samples.samples import Samples

OnProgress = Callable[[int, int], None]
"""Called with the number of samples done and of all."""

_CHUNK = 32  # samples evaluated at a time
_VAST = 1e18  # products of such numbers are still float32


def calibrate(
    graph: Graph, samples: Samples, on_progress: OnProgress | None = None, method: str = "minmax"
) -> dict[ValueName, Range]:
    """Return the range of every float value that is no constant, by one of ``METHODS``.

    Raises ``non-finite-activation`` where a value becomes infinite or NaN.
    """
    seen = summarize(graph, samples, on_progress)
    found = {id(each): METHODS[method](each) for each in seen.values()}  # many share a summary
    return {value: found[id(each)] for value, each in seen.items()}


def summarize(
    graph: Graph, samples: Samples, on_progress: OnProgress | None = None
) -> dict[ValueName, Summary]:
    """Return what every float value that is no constant looks like; errors as :func:`calibrate`."""
    check_weights(graph)
    looks, seen = Looks(graph), dict[ValueName, Summary]()
    for done, values in _chunks(graph, samples):
        _check_finite(graph, values)
        for group, latest in looks.summaries(values).items():
            seen[group] = seen[group] + latest if group in seen else latest
        if on_progress is not None:
            on_progress(done, len(samples))
    return looks.spread(seen)


def summaries(graph: Graph, values: Values) -> dict[ValueName, Summary]:
    """Return what each float value, of those that :func:`summarize` looks at, looks like."""
    looks = Looks(graph)
    return looks.spread(looks.summaries(values))


def _chunks(graph: Graph, samples: Samples) -> Iterator[tuple[int, Values]]:
    """Yield every value on some samples at a time, and how many samples that makes so far."""
    evaluator = BatchEvaluator(graph)
    for start in range(0, len(samples), _CHUNK):
        end = min(start + _CHUNK, len(samples))
        with np.errstate(all="ignore"):
            yield end, evaluator.run({k: x[start:end] for k, x in samples.arrays.items()})


def _check_finite(graph: Graph, values: Values) -> None:
    for node in graph.nodes:
        for value in node.outputs:
            if is_float(graph.types[value]):
                _check_magnitude(
                    values[value], f"on the samples the output of {node.op.name}", node
                )


def check_weights(graph: Graph) -> None:
    """Raise ``non-finite-activation`` where numbers in the model are infinite, NaN or vast."""
    for node in graph.nodes:
        for value in node.inputs:
            if value in graph.constants and is_float(graph.types[value]):
                _check_magnitude(graph.constants[value], f"the constant {value!r}", node)


def _check_magnitude(x: Array, what: str, node: Node) -> None:
    largest = float(np.abs(x).max(initial=0.0))
    if largest < _VAST:
        return
    reaches = f"reaches {largest:.2g}" if np.isfinite(largest) else "is infinite or NaN"
    raise EdgecError(
        "non-finite-activation",
        f"{what} {reaches}",
        place=Place(inside=f"node {node.name!r}"),
        help="check the samples' scale (as in training?) and the model's weights",
    )
