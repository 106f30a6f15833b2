"""Calibration: runs the float reference over samples and summarizes every value."""

from collections.abc import Callable, Collection, Mapping

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.operator import is_float
from edgec.quantization.ranges.looks import Looks
from edgec.quantization.ranges.observers import METHODS, Range, Summary
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.samples.blocks import blocks, joined
from edgec.quantization.samples.samples import Samples

OnProgress = Callable[[int, int], None]
"""Called with the number of samples done and of all."""

_CHUNK = 32  # samples evaluated at a time, or fewer where their activations are large
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
    looks, evaluator, done = Looks(graph), BatchEvaluator(graph), 0
    seen: dict[ValueName, Summary] = {}
    for part in blocks(graph, samples.arrays, most=_CHUNK) if len(samples) else ():
        for group, latest in _checked_summaries(looks, evaluator, part).items():
            seen[group] = seen[group] + latest if group in seen else latest
        done += min(map(len, part.values()))
        if on_progress is not None:
            on_progress(done, len(samples))
    return looks.spread(seen)


def _checked_summaries(
    looks: Looks, evaluator: BatchEvaluator, inputs: Mapping[ValueName, Array]
) -> dict[ValueName, Summary]:
    with np.errstate(all="ignore"):
        values = evaluator.run(inputs)
    _check_finite(looks.graph, values)
    return looks.summaries(values)


def summaries(graph: Graph, inputs: Mapping[ValueName, Array]) -> dict[ValueName, Summary]:
    """Return what :func:`summarize` does of samples that it has gone through already."""
    looks = Looks(graph)
    return looks.spread(summarized(looks, inputs)[0])


def summarized(
    looks: Looks, inputs: Mapping[ValueName, Array], keep: Collection[ValueName] = ()
) -> tuple[dict[ValueName, Summary], Values]:
    """Return the summary of each group of values on samples, and the values to ``keep`` of all."""
    evaluator, kept = BatchEvaluator(looks.graph), list[Values]()
    seen: dict[ValueName, Summary] = {}
    for part in blocks(looks.graph, inputs):
        values = evaluator.run(part)
        for group, latest in looks.summaries(values).items():
            seen[group] = seen[group] + latest if group in seen else latest
        kept.append({value: values[value] for value in keep})
        del values  # before there are others
    return seen, joined(kept)


def extremes(graph: Graph, inputs: Mapping[ValueName, Array]) -> dict[ValueName, Range]:
    """Return the extremes of every value that is no constant."""
    evaluator = BatchEvaluator(graph)
    seen: dict[ValueName, Range] = {}
    for part in blocks(graph, inputs):
        latest = {value: Range.of(x) for value, x in evaluator.run(part).items()}
        seen = {v: seen[v].union(each) if v in seen else each for v, each in latest.items()}
    return seen


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
    if x.min(initial=0.0) > -_VAST and x.max(initial=0.0) < _VAST:
        return
    largest = float(np.abs(x).max(initial=0.0))
    reaches = f"reaches {largest:.2g}" if np.isfinite(largest) else "is infinite or NaN"
    raise EdgecError(
        "non-finite-activation",
        f"{what} {reaches}",
        place=Place(inside=f"node {node.name!r}"),
        help="check the samples' scale (as in training?) and the model's weights",
    )
