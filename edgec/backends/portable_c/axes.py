"""Merging of axes that a kernel can walk in one go, so that few loops serve tensors of any rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from edgec.backends.base import Request
from edgec.lir import Scalar, Struct

MAX_LOOPS = 4
MAX_TRANSPOSE_AXES = 6


@dataclass(frozen=True, slots=True)
class Loops:
    """A walk over an output: extents, outermost first, and the step of each operand in elements."""

    extents: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]


def broadcast_loops(output: Sequence[int], operands: Sequence[Sequence[int]]) -> Loops:
    """Return loops over ``output``: neighbours that broadcast alike are merged; step 0 repeats."""
    shapes = [(1,) * (len(output) - len(shape)) + tuple(shape) for shape in operands]
    extents: list[int] = []
    patterns: list[tuple[bool, ...]] = []
    for axis, extent in enumerate(output):
        pattern = tuple(shape[axis] == extent for shape in shapes)
        if extent == 1:
            continue
        if patterns and patterns[-1] == pattern:
            extents[-1] *= extent
        else:
            extents.append(extent)
            patterns.append(pattern)
    steps = [_steps(extents, [each[i] for each in patterns]) for i in range(len(shapes))]
    return Loops(tuple(extents), tuple(steps))


def _steps(extents: Sequence[int], walked: Sequence[bool]) -> tuple[int, ...]:
    return tuple(
        prod(n for n, own in zip(extents[i + 1 :], walked[i + 1 :], strict=True) if own)
        if walked[i]
        else 0
        for i in range(len(extents))
    )


def few_loops(request: Request) -> bool:
    """At most four axes remain once neighbours that broadcast alike are merged."""
    shapes = [kind.shape for kind in request.signature.inputs]
    return len(broadcast_loops(request.signature.output.shape, shapes).extents) <= MAX_LOOPS


def loop_dims(values: Sequence[int], missing: int) -> Struct:
    """Return ``edgec_dims_t`` of up to four numbers, filled in front with ``missing``."""
    n, h, w, c = (missing,) * (MAX_LOOPS - len(values)) + tuple(values)
    return Struct("edgec_dims_t", {"n": Scalar(n), "h": Scalar(h), "w": Scalar(w), "c": Scalar(c)})


@dataclass(frozen=True, slots=True)
class Permutation:
    """A transpose as a walk over its output: extents and input strides in elements, then blocks."""

    extents: tuple[int, ...]
    strides: tuple[int, ...]
    block: int


def permutation(shape: Sequence[int], perm: Sequence[int]) -> Permutation:
    """Return the shortest walk: axes of extent 1 dropped, neighbours that stay so merged."""
    extents: list[int] = []
    strides: list[int] = []
    for axis in perm:
        stride = prod(shape[axis + 1 :])
        if shape[axis] == 1:
            continue
        if strides and strides[-1] == shape[axis] * stride:
            extents[-1] *= shape[axis]
            strides[-1] = stride
        else:
            extents.append(shape[axis])
            strides.append(stride)
    if strides and strides[-1] == 1:
        return Permutation(tuple(extents[:-1]), tuple(strides[:-1]), extents[-1])
    return Permutation(tuple(extents), tuple(strides), 1)


Pairs = Sequence[tuple[int, int]]


def merged_padding(
    shape: Sequence[int], paddings: Pairs
) -> tuple[list[int], list[tuple[int, int]]]:
    """Return shape and paddings with every axis that is not padded merged into the one before."""
    extents: list[int] = []
    pairs: list[tuple[int, int]] = []
    for extent, pair in zip(shape, paddings, strict=True):
        if extents and pair == (0, 0):
            extents[-1] *= extent
            pairs[-1] = pairs[-1][0] * extent, pairs[-1][1] * extent
        else:
            extents.append(extent)
            pairs.append(pair)
    return extents, pairs
