"""Random calibration samples: better than nothing, and said to be so."""

import numpy as np

from edgec.ir import Array, Graph, TensorType
from edgec.ops.operator import is_float
from edgec.quantization.samples.samples import Samples

_COUNT = 64
WARNING = (
    "calibration: RANDOM samples. The ranges are guesses and the accuracy is unknown: good enough "
    "to measure size and speed, not to ship. Give real inputs with --calib FILE.npz"
)


def random_samples(graph: Graph, seed: int = 0) -> Samples:
    """Draw normally distributed floats (mean 0, deviation 1), integers from 0 to 127."""
    rng = np.random.default_rng(seed)
    arrays = {name: _drawn(rng, graph.types[name]) for name in graph.inputs}
    return Samples(arrays, (), (WARNING,))


def _drawn(rng: np.random.Generator, kind: TensorType) -> Array:
    shape = (_COUNT, *kind.shape)
    if is_float(kind):
        return rng.standard_normal(shape).astype(np.float32)
    return rng.integers(0, 128, shape).astype(kind.dtype.numpy)
