"""The rows that a layer's weights multiply, over many samples: some at a time."""

from collections.abc import Iterator

from edgec.ir import Array
from edgec.ops.layers.weighted_layer import MatrixLayer

_CHUNK = 16  # samples whose windows are unfolded at a time


def input_rows(layer: MatrixLayer, x: Array, depth: int) -> Iterator[Array]:
    """Yield the rows [groups, rows, inputs] of x [samples, *input]; see MatrixLayer.input_rows."""
    for start in range(0, len(x), _CHUNK):
        yield layer.input_rows(x[start : start + _CHUNK], depth)
