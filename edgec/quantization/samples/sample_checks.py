"""What is odd about samples that can be used: warnings that guess the mistake."""

from collections.abc import Iterator
from hashlib import sha256

import numpy as np

from edgec.ir import Array, TensorType, ValueName
from edgec.ops.operator import is_float

# Chosen by hand: thresholds of warnings, meant to be far from what preprocessing gives.
_FEW = 16  # below it, docs/quantization.md says what is lost
_PIXEL_MAXIMUM = 255
_LOOKS_UNSCALED = 64  # 0 to more than this in an image: pixels, as far as one can tell
_IMAGE_RANK = 4
_VAST, _TINY = 1e6, 1e-6  # magnitudes that no preprocessing should give
_OUTSIDE = 0.01  # share of elements that an input cannot hold
_LARGE, _MANY = 16, 64  # elements that no two samples share by chance; samples that are many
_UNUSED = 1 / 32  # share of an input's range that is used
ONE_RANGE = "share the 256 steps of one range"
"""No trouble where an input stays float: :mod:`edgec.quantization.ranges.standardize_inputs`."""


def sample_warnings(name: ValueName, array: Array, kind: TensorType) -> Iterator[str]:
    """Yield warnings about the samples of one input, in the source's layout."""
    if is_float(kind):
        yield from _about_ranges(name, array)
    elif array.dtype.kind == "f":
        yield from _about_stated_range(name, array, kind)


def _about_ranges(name: ValueName, array: Array) -> Iterator[str]:
    low, high = float(array.min()), float(array.max())
    largest = max(-low, high)
    if len(array) < _FEW:
        count = "1 sample" if len(array) == 1 else f"{len(array)} samples"
        yield f"only {count} of {name!r}; 100 or so are better"
    if array.size > 1 and low == high:
        yield f"all values of {name!r} are {low:g}"
    elif len(array) > 1:
        yield from _about_repeats(name, array)
    if largest > _VAST or 0 < largest < _TINY:
        yield f"{name!r} goes from {low:g} to {high:g}: is it scaled as in training?"
    if array.ndim == _IMAGE_RANK and low >= 0 and _LOOKS_UNSCALED < high <= _PIXEL_MAXIMUM:
        whole = "whole numbers" if not (array % 1).any() else "values"
        yield (
            f"{name!r} holds {whole} up to {high:g}, like pixels; "
            "if the model was trained on 0..1, divide by 255"
        )


def _about_repeats(name: ValueName, array: Array) -> Iterator[str]:
    """Yield a warning where most samples are copies of others: they say nothing new."""
    count = len(array)
    different = len({sha256(each.tobytes()).digest() for each in array})
    if different == 1:
        yield f"all {count} samples of {name!r} are the same"
    elif array[0].size >= _LARGE and different <= count / 2 and different < _MANY:
        yield f"only {different} of {count} samples of {name!r} differ; 100 or so are better"


def _about_stated_range(name: ValueName, array: Array, kind: TensorType) -> Iterator[str]:
    """Compare floats with the range that a quantized model's input has."""
    q, limits = kind.quantization, np.iinfo(kind.dtype.numpy)
    lowest, highest = (q.scale * (each - q.zero_point) for each in (limits.min, limits.max))
    low, high = float(array.min()), float(array.max())
    outside = float(((array < lowest - q.scale) | (array > highest + q.scale)).mean())
    taken = f"the input takes {lowest:.4g} to {highest:.4g}"
    if outside > _OUTSIDE:
        pixels = low >= 0 and high > _LOOKS_UNSCALED and highest <= 2  # noqa: PLR2004
        guess = "divide pixels by 255" if pixels else "are they scaled as in training?"
        spans = f"it goes from {low:g} to {high:g}, {taken}"
        yield f"{outside:.0%} of {name!r} is clipped: {spans}; {guess}"
    elif high - low < _UNUSED * (highest - lowest):
        yield f"{name!r} goes from {low:g} to {high:g} only, {taken}: is it scaled as in training?"
