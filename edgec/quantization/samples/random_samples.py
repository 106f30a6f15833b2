"""Random calibration samples: better than nothing, and said to be so."""

import numpy as np

from edgec.ir import Array, Graph, TensorType, ValueName
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.operator import is_float
from edgec.quantization.samples.samples import Samples

_COUNT = 64
WARNING = (
    "calibration: RANDOM samples. The ranges are guesses and the accuracy is unknown: good enough "
    "to measure size and speed, not to ship. Give real inputs with --calib FILE.npz"
)


def random_samples(graph: Graph, seed: int = 0) -> Samples:
    """Draw normally distributed floats (mean 0, deviation 1), integers from 0 to 127.

    Inputs that are 8 bits in the file and floats in the graph get all that 8 bits hold.
    """
    rng = np.random.default_rng(seed)
    arrays = {name: _of_input(rng, graph, name) for name in graph.inputs}
    return Samples(arrays, (), (WARNING,))


def _of_input(rng: np.random.Generator, graph: Graph, name: ValueName) -> Array:
    kind, door = graph.types[name], graph.doors.get(name)
    if door is None:
        return _drawn(rng, kind)
    outside = door.of_shape(kind.shape)
    if door.dtype.bytes > 1:
        return dequantized(_drawn(rng, outside), outside)
    limits, shape = np.iinfo(door.dtype.numpy), (_COUNT, *kind.shape)
    return dequantized(rng.integers(limits.min, limits.max + 1, shape), outside)


def _drawn(rng: np.random.Generator, kind: TensorType) -> Array:
    shape = (_COUNT, *kind.shape)
    if is_float(kind):
        return rng.standard_normal(shape).astype(np.float32)
    return rng.integers(0, 128, shape).astype(kind.dtype.numpy)
