"""Layers with weights as matrix products: which rows each output channel is a product with."""

from collections.abc import Iterator

import numpy as np

from edgec.ir import Array, Op
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected

_CHUNK = 16  # samples whose windows are unfolded at a time


def has_rows(op: Op) -> bool:
    """Tell whether an operator is a matrix product per group of channels."""
    return isinstance(op, (Conv2D, DepthwiseConv2D, FullyConnected))


def weight_rows(op: Op, weights: Array, channels: int) -> Array:
    """Return weights as [groups, outputs, inputs]; ``channels`` is the last axis of the input."""
    if isinstance(op, DepthwiseConv2D):
        return weights.reshape(-1, channels, weights.shape[3] // channels).transpose(1, 2, 0)
    groups = channels // weights.shape[3] if isinstance(op, Conv2D) else 1
    return weights.reshape(groups, weights.shape[0] // groups, -1)


def weights_from_rows(op: Op, rows: Array, shape: tuple[int, ...]) -> Array:
    """Undo :func:`weight_rows`."""
    if isinstance(op, DepthwiseConv2D):
        rows = rows.transpose(2, 0, 1)
    return np.ascontiguousarray(rows).reshape(shape)


def input_rows(op: Op, x: Array, depth: int) -> Iterator[Array]:
    """Yield the rows that the weights multiply, [groups, rows, inputs], some samples at a time.

    ``x`` is [samples, *input], ``depth`` the number of weights of one output.
    """
    for start in range(0, len(x), _CHUNK):
        yield _unfolded(op, x[start : start + _CHUNK], depth)


def _unfolded(op: Op, x: Array, depth: int) -> Array:
    if isinstance(op, FullyConnected):
        return x.reshape(1, -1, depth)
    assert isinstance(op, (Conv2D, DepthwiseConv2D))  # noqa: S101 - see has_rows
    patches = op.window.patches(x.reshape(-1, *x.shape[2:]))
    taps = patches.shape[3] * patches.shape[4]
    rows = patches.reshape(-1, taps, patches.shape[5])
    if isinstance(op, DepthwiseConv2D):
        return rows.transpose(2, 0, 1)
    per_group = depth // taps
    grouped = rows.reshape(len(rows), taps, -1, per_group).transpose(2, 0, 1, 3)
    return grouped.reshape(grouped.shape[0], len(rows), depth)
