"""Constants that a source file gives as integers: finding these integers in the floats again.

A float constant is on a grid where it is, bit for bit, scale times an integer. No other knowledge
is needed, whatever transposed or reshaped the constant on its way here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, DType, Graph, Node, QParams
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.passes.folding.kept_integers import steps_on_grid
from edgec.quantization.ranges.parameters import nearest_layer

_LIMIT = 127
_LOWEST = -128
_MOST_HALVINGS = 7
_BIAS_LIMIT = 2.0**30


@dataclass(frozen=True, slots=True)
class GridLayer:
    """Weights as integers, one scale per slice along ``axis`` or one in all; the bias in floats.

    ``is_exact`` tells whether they are the numbers of the file.
    """

    weights: Array
    scales: Array
    axis: int | None
    bias: Array | None
    outputs: int
    is_exact: bool = True


def on_grid(array: Array, grids: Sequence[QParams], dtype: DType = DType.INT8) -> QParams | None:
    """Return the per-tensor quantization that gives a constant exactly; None without one.

    int8 has the zero point of the file, int16 none.
    """
    for q in grids:
        if len(q.scales) > 1:
            continue
        zero = q.zero_points[0] if dtype is DType.INT8 else 0
        steps = steps_on_grid(array, np.array(q.scales), None)
        if steps is not None and _fits(steps + zero, dtype) and _fits(np.array(zero), dtype):
            return QParams(q.scales, (zero,))
    return None


def layer_on_grid(node: Node, graph: Graph, axis: int | None, input_scale: float) -> GridLayer:
    """Return the weights of a layer as the file's integers, else as the nearest ones.

    Weights of 4 bits are the same numbers in smaller steps, as int8 has room for them.

    ``axis`` is what the operator can have one scale per slice of. Where the file's integers, less
    their zero point, do not fit int8, the scale is coarser: of the slice, or of all.
    """
    arrays = [graph.constants[value] for value in node.inputs[1:]]
    weights, bias = arrays[0], arrays[1] if len(arrays) > 1 else None
    outputs = graph.types[node.outputs[0]].shape[-1]
    found = _best_grid(weights, axis, graph.grids)
    if found is not None:
        steps, scales, along = found
        if not _fits(steps):
            integers, coarser = _coarsened(steps, scales, axis)
            return GridLayer(integers, coarser, axis, bias, outputs, is_exact=False)
        if not _has_four_bits(steps):
            integers = steps.astype(np.int8)
            return GridLayer(integers, scales.astype(np.float32), along, bias, outputs)
        integers, finer = _refined(steps, scales, axis, bias, input_scale)
        if along is None and (finer == finer[0]).all():
            return GridLayer(integers, finer[:1], None, bias, outputs)
        return GridLayer(integers, finer, axis, bias, outputs)
    layer = nearest_layer(weights, bias, axis, input_scale)
    one_each = axis is not None and weights.size == weights.shape[axis]
    return GridLayer(layer.weights, layer.scales, axis, bias, outputs, is_exact=one_each)


def is_on_grid(node: Node, graph: Graph) -> bool:
    """Tell whether the weights of a layer are integers of the source file, however large."""
    assert isinstance(node.op, WeightedLayer)  # noqa: S101 - callers have looked
    weights = graph.constants[node.inputs[1]]
    axis = node.op.scale_axis
    return _best_grid(weights, axis, graph.grids) is not None


def _best_grid(
    weights: Array, axis: int | None, grids: Sequence[QParams]
) -> tuple[Array, Array, int | None] | None:
    """Return steps, scales and axis of the first grid that weights lie on, if any.

    One on which they fit int8 comes first: powers of two are multiples of each other, so that
    weights lie on grids of other tensors too, in steps that are too many.
    """
    wide = None
    for scales, along in _candidates(grids, axis, weights):
        steps = steps_on_grid(weights, scales, along)
        if steps is not None and _fits(steps):
            return steps, scales, along
        if steps is not None and wide is None:
            wide = steps, scales, along
    return wide


def _has_four_bits(steps: Array) -> bool:
    return bool(steps.max(initial=-np.inf) - steps.min(initial=np.inf) < 2**4)


def _refined(
    steps: Array, scales: Array, axis: int | None, bias: Array | None, input_scale: float
) -> tuple[Array, Array]:
    """Return the same numbers in more and smaller steps, halved as often as int8 and bias allow.

    Sums in smaller steps lose less where they are rounded twice. Scales are per slice.
    """
    others = tuple(each for each in range(steps.ndim) if each != axis) if axis is not None else None
    low, high = (np.atleast_1d(f(steps, axis=others)) for f in (np.min, np.max))
    offsets = np.zeros(1) if bias is None else np.abs(bias.astype(np.float64))
    largest = offsets if axis is not None else offsets.max(initial=0.0)
    needed = np.broadcast_to(largest / (scales * input_scale), low.shape)
    halvings = np.zeros(low.shape)
    for count in range(1, _MOST_HALVINGS + 1):
        room = (low * 2**count >= _LOWEST) & (high * 2**count <= _LIMIT)
        halvings[room & (needed * 2**count < _BIAS_LIMIT) & ((low < 0) | (high > 0))] = count
    factors = np.exp2(halvings)
    along = factors.reshape([-1 if i == axis else 1 for i in range(steps.ndim)])
    return (steps * along).astype(np.int8), (scales / factors).astype(np.float32)


def _coarsened(steps: Array, scales: Array, axis: int | None) -> tuple[Array, Array]:
    """Return the nearest int8 steps, and scales of slices that are larger where these need it."""
    others = tuple(each for each in range(steps.ndim) if each != axis) if axis is not None else None
    low, high = (np.atleast_1d(f(steps, axis=others)) for f in (np.min, np.max))
    fits = (low >= _LOWEST) & (high <= _LIMIT)
    factors = np.where(fits, 1.0, np.maximum(-low, high) / _LIMIT)
    along = factors.reshape([-1 if i == axis else 1 for i in range(steps.ndim)])
    return np.rint(steps / along).astype(np.int8), (scales * factors).astype(np.float32)


def has_slices(weights: Array, axis: int, grids: Sequence[QParams]) -> bool:
    """Tell whether weights are on a grid with a scale of its own for each slice along ``axis``."""
    return any(
        along is not None and steps_on_grid(weights, scales, along) is not None
        for scales, along in _candidates(grids, axis, weights)
    )


def has_wide_steps(weights: Array, grids: Sequence[QParams]) -> bool:
    """Tell whether weights are on a grid with one scale, on which they do not fit int8."""
    found = _best_grid(weights, None, grids)
    return found is not None and not _fits(found[0])


def _candidates(
    grids: Sequence[QParams], axis: int | None, weights: Array
) -> Iterator[tuple[Array, int | None]]:
    """Yield the scales that may be those of weights: as many as slices, or one."""
    slices = weights.shape[0 if axis is None else axis]
    for q in grids:
        scales = np.array(q.scales)
        if len(set(q.scales)) == 1:
            yield scales[:1], None
        elif len(q.scales) == slices and axis is not None:
            yield scales, axis


def _fits(steps: Array, dtype: DType = DType.INT8) -> bool:
    limits = np.iinfo(dtype.numpy)
    return bool(steps.min(initial=0) >= limits.min and steps.max(initial=0) <= limits.max)
