"""ONNX Resize axis by axis, for what no resizing of images does: one matrix for each axis.

Cubic resizing, grids and factors that TFLite's kernels do not have, any axes of any rank. A row of
a matrix holds what each element of the input counts for one of the output.
Source: onnxruntime, upsample.cc and upsamplebase.h.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.registry import SourceNode

_MOST_WEIGHTS = 1 << 22  # elements of a matrix


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the elements of an output axis lie on ``extent`` elements: ``places``, real numbers.

    ``crops``: what lies outside of the input is ``fill``; else it is as at the border.
    """

    extent: int
    places: Array
    crops: bool = False

    @property
    def outside(self) -> Array:
        """Tell of each place whether it is cropped."""
        return np.asarray(self.crops & ((self.places < 0) | (self.places > self.extent - 1)))


Weigh = Callable[[Grid], Array]
"""Makes the matrix of an axis, [elements of the output, elements of the input]."""


def nearest(rounded: Callable[[Array], Array]) -> Weigh:
    """Return what takes the one element that ``rounded`` says."""

    def weigh(grid: Grid) -> Array:
        chosen = np.clip(rounded(grid.places), 0, grid.extent - 1).astype(np.int64)
        return _summed(grid, [(chosen, np.ones(chosen.shape))])

    return weigh


def linear(grid: Grid) -> Array:
    """Weigh the two elements beside a place."""
    places = np.clip(grid.places, 0, grid.extent - 1)
    lower = np.floor(places).astype(np.int64)
    upper = np.minimum(lower + 1, grid.extent - 1)
    part = (places - lower).astype(np.float32)
    return _summed(grid, [(lower, 1 - part), (upper, part)])


def cubic(a: float, *, exclude_outside: bool) -> Weigh:
    """Return what weighs the four elements around a place (Keys 1981, with coefficient ``a``).

    Those outside of the input count as the border does, or not at all.
    """

    def weigh(grid: Grid) -> Array:
        first = np.floor(grid.places).astype(np.int64)
        s = grid.places - first
        weights = [_far(a, s + 1), _near(a, s), _near(a, 1 - s), _far(a, 2 - s)]
        taps = [(first - 1 + index, weight) for index, weight in enumerate(weights)]
        if exclude_outside:
            taps = [
                (place, np.where((place >= 0) & (place < grid.extent), weight, 0))
                for place, weight in taps
            ]
            total = sum(weight for _, weight in taps)
            taps = [(place, weight / total) for place, weight in taps]
        return _summed(grid, taps)

    return weigh


def _near(a: float, s: Array) -> Array:
    return np.asarray(((a + 2) * s - (a + 3)) * s * s + 1)


def _far(a: float, s: Array) -> Array:
    return np.asarray(((a * s - 5 * a) * s + 8 * a) * s - 4 * a)


def _summed(grid: Grid, taps: Sequence[tuple[Array, Array]]) -> Array:
    """Return the matrix of taps, (elements of the input, their weights) for each of the output."""
    matrix = np.zeros((grid.places.size, grid.extent), np.float32)
    rows = np.arange(grid.places.size)
    for place, weight in taps:
        np.add.at(matrix, (rows, np.clip(place, 0, grid.extent - 1)), weight.astype(np.float32))
    return matrix


def resized_by_matrices(
    node: SourceNode, g: GraphBuilder, grids: dict[int, Grid], weigh: Weigh, fill: float
) -> Sequence[ValueName]:
    """Add what resizes axes of input 0; ``grids`` says which and how, ``fill`` what is outside."""
    x = node.input(0)
    for axis, grid in grids.items():
        if grid.extent * grid.places.size > _MOST_WEIGHTS:
            message = f"axis {axis} becomes {grid.places.size} elements out of {grid.extent}"
            raise node.reject(message, code="unsupported-shape", help="resize by less")
        matrix = np.where(grid.outside[:, None], np.float32(0), weigh(grid))
        x = _along(node, g, x, axis, matrix)
    shape = g.type(x).shape
    if not fill or not any(grid.outside.any() for grid in grids.values()):
        return add_or_fold(node, g, Reshape(shape=shape), [x])
    return add_or_fold(node, g, Add(), [x, _filling(node, g, shape, grids, fill)])


def _filling(
    node: SourceNode, g: GraphBuilder, shape: Sequence[int], grids: dict[int, Grid], fill: float
) -> ValueName:
    """Return a constant that is ``fill`` where any axis is outside, else 0."""
    outside = np.zeros((1,) * len(shape), bool)
    for axis, grid in grids.items():
        extents = [shape[axis] if each == axis else 1 for each in range(len(shape))]
        outside = outside | grid.outside.reshape(extents)
    return g.constant(f"{node.name}/fill", np.where(outside, np.float32(fill), np.float32(0)))


def _along(node: SourceNode, g: GraphBuilder, x: ValueName, axis: int, matrix: Array) -> ValueName:
    """Multiply an axis by a matrix: it comes last for that, and goes back."""
    part, rank = node.part(suffix=f"axis_{axis}"), g.type(x).rank
    perm = [each for each in range(rank) if each != axis] + [axis]
    if rank == 1:
        (x,) = add_or_fold(part.part(suffix="row"), g, Reshape(shape=(1, matrix.shape[1])), [x])
    elif axis != rank - 1:
        (x,) = add_or_fold(part.part(suffix="last"), g, Transpose(perm=tuple(perm)), [x])
    weights = g.constant(f"{part.name}/weights", np.ascontiguousarray(matrix))
    op = FullyConnected(keep_num_dims=rank > 2)  # noqa: PLR2004 - of a matrix
    (x,) = add_or_fold(part, g, op, [x, weights])
    if rank == 1:
        (x,) = add_or_fold(part.part(suffix="vector"), g, Reshape(shape=matrix.shape[:1]), [x])
    elif axis != rank - 1:
        back = tuple(int(each) for each in np.argsort(perm))
        (x,) = add_or_fold(part.part(suffix="back"), g, Transpose(perm=back), [x])
    return x
