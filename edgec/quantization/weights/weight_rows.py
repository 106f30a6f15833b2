"""The rows that a layer's weights multiply, over many samples: some at a time."""

from collections.abc import Iterator

from edgec.ir import Array
from edgec.ops.layers.weighted_layer import MatrixLayer

_CHUNK = 16  # samples whose windows are unfolded at a time, or fewer where there are many
_ELEMENTS = 1 << 20  # of rows, at a time


def input_rows(layer: MatrixLayer, x: Array, depth: int) -> Iterator[Array]:
    """Yield the rows [groups, rows, inputs] of x [samples, *input]; see MatrixLayer.input_rows."""
    size = min(_CHUNK, max(1, _ELEMENTS // max(1, layer.input_rows(x[:1], depth).size)))
    for start in range(0, len(x), size):
        yield layer.input_rows(x[start : start + size], depth)
