"""Inputs for a model whose file says what range they have: drawn from it, in three manners.

No manner suits all models: noise of the whole range drives some into saturation, noise around the
middle leaves others asleep, and what follows an average sees little of either.
"""

from collections.abc import Callable, Sequence

import numpy as np

from edgec.ir import Array, Graph, TensorType, ValueName
from edgec.ops.operator import is_float

_LARGEST_INDEX = 128  # integers without a quantization are below
_NARROW = 3  # deviations of the normal distribution in half of a range
_SMOOTH = 2  # likewise, of numbers that change slowly
_SPAN = 4  # the part of an axis over which these are averages

Manner = Callable[[np.random.Generator, Sequence[int]], Array]
"""Draws numbers of which most are within -1 and 1."""


def range_samples(integer: Graph, count: int) -> dict[ValueName, Array]:
    """Return ``count`` samples of each manner, manner by manner, in reals; always the same ones."""
    rng = np.random.default_rng(0)
    return {
        name: np.concatenate(
            [_drawn(rng, integer.types[name], count, manner) for manner in _MANNERS]
        )
        for name in integer.without_states(integer.inputs)
    }


def _drawn(rng: np.random.Generator, kind: TensorType, count: int, manner: Manner) -> Array:
    rows = np.stack([manner(rng, kind.shape) for _ in range(count)])
    if kind.qparams is None:
        if is_float(kind):
            return (rows * _NARROW).astype(np.float32)
        return rng.integers(0, _LARGEST_INDEX, rows.shape).astype(kind.dtype.numpy)
    limits, q = np.iinfo(kind.dtype.numpy), kind.qparams
    low, high = (q.scale * (int(each) - q.zero_point) for each in (limits.min, limits.max))
    return ((high + low) / 2 + (high - low) / 2 * np.clip(rows, -1, 1)).astype(np.float32)


def _uniform(rng: np.random.Generator, shape: Sequence[int]) -> Array:
    return rng.uniform(-1, 1, tuple(shape))


def _normal(rng: np.random.Generator, shape: Sequence[int]) -> Array:
    return rng.standard_normal(tuple(shape)) / _NARROW


def _smooth(rng: np.random.Generator, shape: Sequence[int]) -> Array:
    """Draw numbers that change slowly along each axis, as images and signals do."""
    x = rng.standard_normal(tuple(shape))
    for axis, extent in enumerate(shape):
        span = extent // _SPAN
        if span > 1:
            before = np.zeros_like(x.take([0], axis))
            total = np.concatenate([before, np.cumsum(np.concatenate([x, x], axis), axis)], axis)
            ends = np.arange(extent) + span
            x = total.take(ends, axis) - total.take(ends - span, axis)
    return x / (x.std() or 1.0) / _SMOOTH


_MANNERS: tuple[Manner, ...] = (_uniform, _normal, _smooth)
MANNERS = len(_MANNERS)
"""In how many manners samples are drawn."""
