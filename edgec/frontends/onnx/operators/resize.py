"""ONNX Resize and Upsample: nearest, linear and cubic, as onnxruntime has them.

Images go to the resizing operators of TFLite where these have the same grid, all else goes through
matrices (:mod:`edgec.frontends.onnx.operators.resize_matrix`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgec.frontends.onnx.operators.resize_matrix import (
    Grid,
    Weigh,
    cubic,
    linear,
    nearest,
    resized_by_matrices,
)
from edgec.frontends.onnx.operators.window import from_image, to_image
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.movement.resize_bilinear import ResizeBilinear
from edgec.ops.movement.resize_nearest import ResizeNearest
from edgec.ops.movement.slice import Slice
from edgec.ops.registry import Format, SourceNode, importer

_LARGEST = 1 << 14  # rows or columns
_OPSET_WITH_GRIDS = 11  # before, a grid was not stated; onnxruntime puts the fronts on each other


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis: ``scale`` is what the model states, which may differ from size / extent.

    ``region`` is the part of the axis that is resized where the grid is a crop, in [0, 1].
    """

    extent: int
    size: int
    scale: float
    region: tuple[float, float] = (0.0, 1.0)

    @property
    def is_whole(self) -> bool:
        """Whether the axis stays as it is, unless it is cropped."""
        return self.size == self.extent and self.scale == 1

    @property
    def is_exact(self) -> bool:
        return bool(np.isclose(self.scale * self.extent, self.size, rtol=1e-6))


@importer(Format.ONNX, "Resize")
def _resize(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("cubic_coeff_a", "extrapolation_value", "exclude_outside", "nearest_mode")
    if node.version < _OPSET_WITH_GRIDS:
        return _resized(node, g, _axes(node, g, scales=_vector(node, g, 1)), "asymmetric", "simple")
    if node.flag("antialias", default=False):
        raise node.reject(
            "antialias = 1",
            help="resize without antialiasing (antialias=False in torch), or by an average pool",
        )
    axes = _axes(node, g, scales=_vector(node, g, 2), sizes=_vector(node, g, 3))
    grid = node.text("coordinate_transformation_mode", default="half_pixel")
    if grid == _CROP:
        axes = _cropped(node, axes, _vector(node, g, 1))
    return _resized(node, g, axes, grid, node.text("nearest_mode", default="round_prefer_floor"))


@importer(Format.ONNX, "Upsample")
def _upsample(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    scales = node.numbers("scales") if node.has("scales") else _vector(node, g, 1)
    return _resized(node, g, _axes(node, g, scales=scales), "asymmetric", "simple")


def _vector(node: SourceNode, g: GraphBuilder, index: int) -> tuple[float, ...]:
    """Return a constant input, empty where it is absent."""
    if index >= len(node.inputs) or node.inputs[index] is None:
        return ()
    return tuple(float(each) for each in node.constant(g, index).flat)


def _axes(
    node: SourceNode, g: GraphBuilder, *, scales: Sequence[float], sizes: Sequence[float] = ()
) -> list[_Axis]:
    """Return what becomes of each axis of the input, from scales or from sizes."""
    shape = g.type(node.input(0)).shape
    named = node.integers("axes", default=range(len(shape)))
    given = scales or sizes
    if len(given) != len(named) or any(not -len(shape) <= axis < len(shape) for axis in named):
        message = f"scales {tuple(scales)} or sizes {tuple(sizes)} for {shape}"
        raise node.reject(message, code="malformed-model")
    extents = [shape[axis] for axis in named]
    pairs = _by_scales(extents, scales) if scales else _by_sizes(node, extents, sizes)
    axes = [_Axis(extent, extent, 1.0) for extent in shape]
    for axis, (size, scale) in zip(named, pairs, strict=True):
        if not 1 <= size <= _LARGEST:
            message = f"axis {axis} becomes {size} elements"
            raise node.reject(message, code="unsupported-shape", help="check the scales")
        axes[axis] = _Axis(shape[axis], int(size), scale)
    return axes


def _by_scales(extents: Sequence[int], scales: Sequence[float]) -> list[tuple[float, float]]:
    """Return size and scale of each axis; sizes are rounded down."""
    pairs = zip(extents, scales, strict=True)
    return [(float(np.floor(extent * np.float32(scale))), scale) for extent, scale in pairs]


def _by_sizes(
    node: SourceNode, extents: Sequence[int], sizes: Sequence[float]
) -> list[tuple[float, float]]:
    """Return size and scale of each axis; one scale for all where the aspect ratio is kept."""
    scales = [size / extent for extent, size in zip(extents, sizes, strict=True)]
    policy = node.text("keep_aspect_ratio_policy", default="stretch")
    if policy == "stretch":
        return list(zip(sizes, scales, strict=True))
    if policy not in {"not_larger", "not_smaller"}:
        raise node.reject(f"keep_aspect_ratio_policy {policy!r} is unknown", code="malformed-model")
    scale = min(scales) if policy == "not_larger" else max(scales)
    return [(float(np.floor(scale * extent + 0.5)), scale) for extent in extents]


def _cropped(node: SourceNode, axes: Sequence[_Axis], regions: Sequence[float]) -> list[_Axis]:
    """Return the axes with their regions: all starts, then all ends, of the axes that are named."""
    named = node.integers("axes", default=range(len(axes)))
    if len(regions) != 2 * len(named):
        message = f"roi {tuple(regions)} for {len(named)} axes"
        raise node.reject(message, code="malformed-model")
    cropped = list(axes)
    for index, axis in enumerate(named):
        region = (regions[index], regions[index + len(named)])
        cropped[axis] = replace(cropped[axis], region=region)
    return cropped


def _resized(
    node: SourceNode, g: GraphBuilder, axes: Sequence[_Axis], grid: str, rounding: str
) -> Sequence[ValueName]:
    """Add the resizing: as an image's, or else axis by axis."""
    mode = node.text("mode", default="nearest")
    if grid not in _GRIDS:
        known = ", ".join(_GRIDS)
        message = f"coordinate_transformation_mode {grid!r} is unknown, not one of {known}"
        raise node.reject(message, code="malformed-model")
    if rounding not in {"simple", *_ROUNDINGS}:
        raise node.reject(f"nearest_mode {rounding!r} is unknown", code="malformed-model")
    weigh = _weigh(node, mode, rounding, axes)
    if len(axes) not in _IMAGES or not all(each.is_whole for each in axes[:2]) or grid == _CROP:
        return _by_matrices(node, g, axes, grid, weigh)
    spatial = [*axes[2:]] if len(axes) > 3 else [_Axis(1, 1, 1.0), *axes[2:]]  # noqa: PLR2004
    if mode == "nearest":
        rows, columns = (_nearest(each, grid, rounding) for each in spatial)
        image = to_image(node, g)
        resized = g.add1(ResizeNearest(rows=rows, columns=columns), image, name=node.name)
        return from_image(node, g, resized)
    if mode == "cubic" or grid not in _LINEAR_GRIDS or not all(each.is_exact for each in spatial):
        return _by_matrices(node, g, axes, grid, weigh)
    return from_image(node, g, _linear(node, g, to_image(node, g), spatial, grid))


def _weigh(node: SourceNode, mode: str, rounding: str, axes: Sequence[_Axis]) -> Weigh:
    """Return what makes the matrix of an axis."""
    if mode == "nearest":
        if rounding == "simple":
            rounding = "ceil" if any(each.scale < 1 for each in axes) else "floor"
        return nearest(_ROUNDINGS[rounding])
    if mode in {"linear", "bilinear"}:
        return linear
    if mode == "cubic":
        a = node.number("cubic_coeff_a", default=-0.75)
        return cubic(a, exclude_outside=node.flag("exclude_outside", default=False))
    raise node.reject(f"mode {mode!r} is unknown", code="malformed-model")


def _by_matrices(
    node: SourceNode, g: GraphBuilder, axes: Sequence[_Axis], grid: str, weigh: Weigh
) -> Sequence[ValueName]:
    crops = grid == _CROP
    grids = {
        axis: Grid(each.extent, _coordinates(each, grid), crops)
        for axis, each in enumerate(axes)
        if not each.is_whole or (crops and each.region != (0.0, 1.0))
    }
    fill = node.number("extrapolation_value", default=0.0)
    return resized_by_matrices(node, g, grids, weigh, fill)


def _nearest(axis: _Axis, grid: str, rounding: str) -> tuple[int, ...]:
    """Return the input's place for every place of the output, in float32 as onnxruntime does."""
    if rounding == "simple":
        rounding = "ceil" if axis.scale < 1 else "floor"
    places = _ROUNDINGS[rounding](_coordinates(axis, grid))
    return tuple(int(each) for each in np.clip(places, 0, axis.extent - 1))


def _coordinates(axis: _Axis, grid: str) -> Array:
    """Return where the output's places lie on the input, a real number for each."""
    i = np.arange(axis.size, dtype=np.float32)
    return i if axis.is_whole and grid != _CROP else _GRIDS[grid](axis, i)


def _half_pixel(axis: _Axis, i: Array) -> Array:
    return np.asarray((i + _HALF) / np.float32(axis.scale) - _HALF)


def _pytorch_half_pixel(axis: _Axis, i: Array) -> Array:
    return _half_pixel(axis, i) if axis.size > 1 else np.zeros_like(i)


def _half_pixel_symmetric(axis: _Axis, i: Array) -> Array:
    """Shift the grid so that the images' centers meet where the scale gives no whole size."""
    shift = axis.extent / 2 * (1 - axis.size / (axis.scale * axis.extent))
    return np.float32(shift) + _half_pixel(axis, i)


def _align_corners(axis: _Axis, i: Array) -> Array:
    return i * np.float32(axis.extent - 1) / np.float32(max(axis.size - 1, 1))


def _crop(axis: _Axis, i: Array) -> Array:
    """Spread the output over the region, corner on corner."""
    start, end = (np.float32(each) for each in axis.region)
    last = np.float32(axis.extent - 1)
    if axis.size == 1:
        return np.full_like(i, _HALF * (start + end) * last)
    return start * last + i * (end - start) * last / np.float32(axis.size - 1)


_HALF = np.float32(0.5)
_CROP = "tf_crop_and_resize"
_IMAGES = (3, 4)  # ranks of what has one or two spatial axes
_GRIDS: dict[str, Callable[[_Axis, Array], Array]] = {
    "align_corners": _align_corners,
    "asymmetric": lambda axis, i: i / np.float32(axis.scale),
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "pytorch_half_pixel": _pytorch_half_pixel,
    _CROP: _crop,
    "tf_half_pixel_for_nn": lambda axis, i: (i + _HALF) / np.float32(axis.scale),
}


def _round_half_down(x: Array) -> Array:
    return np.asarray(np.ceil(x - np.float32(0.5)))


def _round_half_up(x: Array) -> Array:
    return np.asarray(np.floor(x + np.float32(0.5)))


_ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "round_prefer_floor": _round_half_down,
    "round_prefer_ceil": _round_half_up,
    "floor": np.floor,
    "ceil": np.ceil,
}


def _linear(
    node: SourceNode, g: GraphBuilder, image: ValueName, axes: Sequence[_Axis], grid: str
) -> ValueName:
    """Add a bilinear resizing on a grid that TFLite has."""
    if grid == "pytorch_half_pixel" and any(axis.size == 1 for axis in axes):
        image, axes = _first_only(node, g, image, axes)
    align, half = _LINEAR_GRIDS[grid]
    size = (axes[0].size, axes[1].size)
    op = ResizeBilinear(size=size, align_corners=align, half_pixel_centers=half)
    return g.add1(op, image, name=node.name)


def _first_only(
    node: SourceNode, g: GraphBuilder, image: ValueName, axes: Sequence[_Axis]
) -> tuple[ValueName, Sequence[_Axis]]:
    """Cut axes that become 1 down to their first element: pytorch_half_pixel reads nothing else."""
    op = Slice.whole(g.type(image).shape)
    for number, axis in enumerate(axes):
        if axis.size == 1:
            op = op.along(1 + number, 0, 1)
    cut = [replace(axis, extent=1, scale=1.0) if axis.size == 1 else axis for axis in axes]
    return g.add1(op, image, name=f"{node.name}/first"), cut


_LINEAR_GRIDS = {  # align_corners, half_pixel_centers
    "half_pixel": (False, True),
    "half_pixel_symmetric": (False, True),
    "pytorch_half_pixel": (False, True),
    "align_corners": (True, False),
    "asymmetric": (False, False),
}
