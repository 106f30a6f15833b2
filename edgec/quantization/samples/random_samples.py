"""Random calibration samples: better than nothing, and said to be so."""

import numpy as np

from edgec.ir import Array, DType, Graph, TensorType, ValueName
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.numbers.gather_rows import GatherRows
from edgec.ops.operator import is_float
from edgec.ops.registry import is_number
from edgec.quantization.samples.samples import Samples

_COUNT = 64
_MOST = 127  # of integers that look nothing up
WARNING = (
    "calibration: RANDOM samples. The ranges are guesses and the accuracy is unknown: good enough "
    "to measure size and speed, not to ship. Give real inputs with --calib FILE.npz"
)


def random_samples(graph: Graph, seed: int = 0) -> Samples:
    """Draw normally distributed floats (mean 0, deviation 1), integers from 0 to 127.

    Inputs that are 8 bits in the file and floats in the graph get all that 8 bits hold; numbers
    that look something up are drawn from the rows there are.
    """
    rng = np.random.default_rng(seed)
    most = largest_numbers(graph)
    arrays = {name: _of_input(rng, graph, name, most.get(name, _MOST)) for name in graph.inputs}
    return Samples(arrays, (), (WARNING,))


def largest_numbers(graph: Graph) -> dict[ValueName, int]:
    """Return, by input, up to which number it is likely to count: the rows of what it looks up."""
    origin = {value: value for value in graph.inputs if is_number(graph.types[value])}
    most: dict[ValueName, int] = {}
    for node in graph.nodes:
        known = [origin[value] for value in node.inputs if value in origin]
        if not known:
            continue
        if isinstance(node.op, GatherRows) and node.inputs[1] in origin:
            rows = graph.types[node.inputs[0]].shape[node.op.axis]
            source = origin[node.inputs[1]]
            most[source] = min(most.get(source, rows - 1), rows - 1)
        for value in node.outputs:
            if graph.types[value].dtype is DType.INT32 and is_number(graph.types[value]):
                origin[value] = known[0]
    return most


def _of_input(rng: np.random.Generator, graph: Graph, name: ValueName, most: int) -> Array:
    kind, door = graph.types[name], graph.doors.get(name)
    if door is None:
        return _drawn(rng, kind, most)
    outside = door.of_shape(kind.shape)
    if door.dtype.bytes > 1:
        return dequantized(_drawn(rng, outside, most), outside)
    limits, shape = np.iinfo(door.dtype.numpy), (_COUNT, *kind.shape)
    return dequantized(rng.integers(limits.min, limits.max + 1, shape), outside)


def _drawn(rng: np.random.Generator, kind: TensorType, most: int) -> Array:
    shape = (_COUNT, *kind.shape)
    if is_float(kind):
        return rng.standard_normal(shape).astype(np.float32)
    if kind.dtype is DType.BOOL:
        most = 1
    return rng.integers(0, most + 1, shape).astype(kind.dtype.numpy)
