"""Merging of axes that a kernel can walk in one go, so that few loops serve tensors of any rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from edgec.backends.request import Request
from edgec.program import Scalar, Struct

MAX_LOOPS = 4


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
class Walk:
    """Blocks of ``block`` elements, gathered by loops that step ``strides`` elements in the input.

    ``extents`` are those of the loops, outermost first; ``start`` is where the first block lies.
    """

    extents: tuple[int, ...]
    strides: tuple[int, ...]
    block: int
    start: int = 0


def permutation(shape: Sequence[int], perm: Sequence[int]) -> Walk:
    """Return the walk of a transpose over its output."""
    strides = element_strides(shape)
    return shortest_walk([shape[axis] for axis in perm], [strides[axis] for axis in perm])


def element_strides(shape: Sequence[int]) -> list[int]:
    """Return the elements from one to the next along each axis."""
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def shortest_walk(shape: Sequence[int], steps: Sequence[int], start: int = 0) -> Walk:
    """Return the walk over an output of ``shape`` whose axes step ``steps`` elements in the input.

    Axes of extent 1 are dropped, neighbors that one loop can walk are merged.
    """
    extents: list[int] = []
    strides: list[int] = []
    for extent, stride in zip(shape, steps, strict=True):
        if extent == 1:
            continue
        if strides and strides[-1] == extent * stride:
            extents[-1] *= extent
            strides[-1] = stride
        else:
            extents.append(extent)
            strides.append(stride)
    if strides and strides[-1] == 1:
        return Walk(tuple(extents[:-1]), tuple(strides[:-1]), extents[-1], start)
    return Walk(tuple(extents), tuple(strides), 1, start)


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
