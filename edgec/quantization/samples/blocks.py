"""Samples some at a time, so that memory does not grow with their number.

All activations of one sample take megabytes where images are large; those of all samples would take
gigabytes. Whoever looks at every activation gets blocks of samples; whoever needs a few values of
all samples names them, and the others are dropped behind their last reader.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import prod

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName

# Chosen by measuring (docs/quantization.md, "Memory"): smaller ones are no slower, since they stay
# in the processor's cache, but overheads of NumPy begin to show on small models.
BLOCK_BYTES = 24 << 20
"""Bytes that all activations of a block of samples may take; a block has one sample at least."""

_Values = dict[ValueName, Array]


def activation_bytes(graph: Graph) -> int:
    """Return how many bytes all activations of one sample take."""
    made = [value for node in graph.nodes for value in node.outputs]
    return sum(_bytes(graph, value) for value in (*graph.inputs, *made))


def live_bytes(graph: Graph) -> int:
    """Return how many bytes the activations of one sample take at most, dropped when read last."""
    live = {value: _bytes(graph, value) for value in graph.inputs}
    most = sum(live.values())
    for node, over in zip(graph.nodes, lifetimes(graph, graph.outputs), strict=True):
        live.update((value, _bytes(graph, value)) for value in node.outputs)
        most = max(most, sum(live.values()))
        for value in over:
            live.pop(value, None)
    return most


def blocks(
    graph: Graph, inputs: Mapping[ValueName, Array], *, most: int | None = None, copies: int = 1
) -> Iterator[_Values]:
    """Yield the inputs of ``most`` samples at a time, or of fewer where activations are large.

    ``copies`` is how many times the activations of ``graph`` are held at once.
    """
    count = min((len(array) for array in inputs.values()), default=0)
    size = max(1, BLOCK_BYTES // max(1, copies * activation_bytes(graph)))
    size = max(1, min(size, count if most is None else most))
    if not count:
        yield dict(inputs)
    for start in range(0, count, size):
        yield {name: array[start : start + size] for name, array in inputs.items()}


def lifetimes(graph: Graph, keep: Collection[ValueName]) -> list[tuple[ValueName, ...]]:
    """Return for each node the values that nobody reads after it, but for those to ``keep``."""
    last = dict.fromkeys(graph.inputs, 0)
    for index, node in enumerate(graph.nodes):
        last.update((v, index) for v in (*node.inputs, *node.outputs) if v not in graph.constants)
    over: list[list[ValueName]] = [[] for _ in graph.nodes]
    for value, index in last.items():
        if value not in keep and over:
            over[index].append(value)
    return [tuple(each) for each in over]


def kept_of_all(
    graph: Graph,
    inputs: Mapping[ValueName, Array],
    keep: Collection[ValueName],
    start: Callable[[Mapping[ValueName, Array]], _Values],
    step: Callable[[Node, _Values], None],
) -> _Values:
    """Return the values to ``keep`` of all samples, evaluated block by block; no constants.

    ``start`` makes the values before the first node, ``step`` adds those of one node.
    """
    over, parts = lifetimes(graph, keep), list[_Values]()
    for part in blocks(graph, inputs):
        values = start(part)
        for node, ended in zip(graph.nodes, over, strict=True):
            step(node, values)
            for value in ended:
                values.pop(value, None)
        parts.append({value: values[value] for value in keep if value in values})
    return joined(parts)


def joined(parts: Sequence[_Values]) -> _Values:
    """Return the values of blocks, in order, as those of all their samples.

    What depends on no sample has one row in every block, and here.
    """
    if len(parts) == 1:
        return parts[0]
    largest = max((len(x) for x in parts[0].values()), default=1)
    return {
        value: first if len(first) < largest else np.concatenate([part[value] for part in parts])
        for value, first in parts[0].items()
    }


def evenly(count: int, most: int) -> Array:
    """Return the numbers of ``most`` of ``count`` samples, or of all, spread evenly."""
    numbers = np.linspace(0, count - 1, min(count, most)).round()
    return np.asarray(np.unique(numbers.astype(int)))


def _bytes(graph: Graph, value: ValueName) -> int:
    kind = graph.types[value]
    return prod(kind.shape) * np.dtype(kind.dtype.numpy).itemsize
