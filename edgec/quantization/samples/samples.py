"""Samples from an .npz file: one array per model input, the first axis counts the samples.

Arrays have the source model's own layout; what leaves here has the graph's. Every way in which a
file does not fit has its own error, and all of them are reported in one go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgec.errors import raise_all
from edgec.ir import Array, Graph, TensorType, ValueName
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.conversion.quantize import quantize_floats
from edgec.ops.operator import is_float
from edgec.quantization.samples.npz import read_arrays
from edgec.quantization.samples.sample_checks import sample_warnings
from edgec.quantization.samples.sample_labels import Labels, is_label, read_labels
from edgec.quantization.samples.sample_problems import count_problems, problems
from edgec.quantization.samples.spellings import chosen_keys, spelled

_MAX_BYTES = 1 << 29
_MAX_SAMPLES, _WIDEST = 256, 8  # of one sample; bytes of an element, which may be float64


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples that fit a graph: ``arrays`` are [samples, *the input's shape], in its own type.

    ``labels`` are those that the file has; ``metric`` is the one to judge by, "" for what suits.
    """

    arrays: Mapping[ValueName, Array]
    labels: tuple[Labels, ...] = ()
    warnings: tuple[str, ...] = ()
    metric: str = ""

    def __len__(self) -> int:
        return min((len(array) for array in self.arrays.values()), default=0)

    def sample(self, index: int) -> dict[ValueName, Array]:
        """Return the inputs of one sample, ready for :func:`edgec.ir.evaluate`."""
        return {name: array[index] for name, array in self.arrays.items()}

    def first(self, count: int) -> "Samples":
        """Return the first samples, and labels, without the warnings."""
        return self.chosen(slice(count))

    def chosen(self, which: Array | slice) -> "Samples":
        """Return samples by their numbers, with their labels, without the warnings."""
        arrays = {name: array[which] for name, array in self.arrays.items()}
        return Samples(arrays, tuple(each.chosen(which) for each in self.labels), (), self.metric)


def read_samples(path: Path, graph: Graph) -> Samples:
    """Read samples for a graph; raises every problem with its inputs at once.

    Errors: ``file-not-found``, ``malformed-samples``, ``samples-keys``, ``samples-shape``,
    ``samples-dtype``, ``samples-values`` and ``samples-empty``.
    """
    wanted = spelled(graph.inputs, graph.aliases)
    arrays = read_arrays(
        path,
        lambda key: key in wanted or is_label(key),
        _limit(graph),
        lambda key: key not in wanted,
    )
    keys = chosen_keys(arrays, wanted)
    named = {keys.get(key, key): array for key, array in arrays.items()}
    return fit_samples(named, graph, path)


def _limit(graph: Graph) -> int:
    """Return how many bytes of samples are read: 512 MiB, or 256 samples of a large input."""
    elements = sum(graph.types[name].elements for name in graph.without_states(graph.inputs))
    return max(_MAX_BYTES, _MAX_SAMPLES * elements * _WIDEST)


def fit_samples(arrays: Mapping[str, Array], graph: Graph, path: Path) -> Samples:
    """Bring arrays in the source's layout into the graph's; errors as :func:`read_samples`."""
    kinds = {name: (_at_the_door(graph, name), sample_shape(graph, name)) for name in graph.inputs}
    raise_all([error for name in kinds for error in problems(name, arrays, kinds[name], path)])
    raise_all(list(count_problems(arrays, graph.inputs, graph.outputs, path)))
    fitted = {name: _ours(arrays[name], name, graph) for name in graph.inputs}
    labels, trouble = read_labels(arrays, graph.inputs, graph.outputs)
    labels = with_outputs_named(labels, graph)
    odd = [text for name in kinds for text in sample_warnings(name, arrays[name], kinds[name][0])]
    told = (*odd, trouble) if trouble else odd
    return Samples(fitted, labels, tuple(f"{path.name}: {text}" for text in told))


def with_outputs_named(labels: Sequence[Labels], graph: Graph) -> tuple[Labels, ...]:
    """Return labels with the graph's own names of the outputs they are for."""
    names = spelled(graph.outputs, graph.aliases)
    return tuple(
        replace(each, output=names[each.output], stored=each.name) if each.output in names else each
        for each in labels
    )


def _at_the_door(graph: Graph, name: ValueName) -> TensorType:
    """Return the type of an input as the source file has it."""
    door = graph.doors.get(name)
    return graph.types[name] if door is None else door.of_shape(graph.types[name].shape)


def source_shape(graph: Graph, name: ValueName) -> tuple[int, ...]:
    """Return the shape of an input or output with the axes where the source model has them."""
    shape = graph.types[name].shape
    layout = graph.layouts.get(name, tuple(range(len(shape))))
    return tuple(shape[layout.index(axis)] for axis in range(len(shape)))


def sample_shape(graph: Graph, name: ValueName) -> tuple[int, ...]:
    """Return the shape of one sample in the source's layout: without a batch axis of 1."""
    shape = source_shape(graph, name)
    return shape[1:] if shape[:1] == (1,) and len(shape) > 1 else shape


def _ours(array: Array, name: ValueName, graph: Graph) -> Array:
    """Return an array in the graph's layout and element type.

    Where the graph is float and the file has integers, these are made first: the device gets them.
    """
    kind, outside = graph.types[name], _at_the_door(graph, name)
    source = array.reshape(len(array), *source_shape(graph, name))
    layout = graph.layouts.get(name, tuple(range(kind.rank)))
    turned = source.transpose(0, *(axis + 1 for axis in layout))
    if is_float(outside):
        return np.ascontiguousarray(turned, np.float32)  # not copied where it is so already
    moved = np.ascontiguousarray(turned)
    if moved.dtype.kind != "f" or outside.qparams is None:
        integers = moved.astype(outside.dtype.numpy, copy=False)
    else:
        integers = quantize_floats(moved, outside, halves_to_even=graph.halves_to_even)
    return dequantized(integers, outside) if is_float(kind) else integers
