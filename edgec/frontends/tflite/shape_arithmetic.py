"""Folds what TFLite models compute from shapes: with fixed shapes these are constants.

Converters write SHAPE, STRIDED_SLICE, PACK and such where a model was made without a batch size.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, TensorType
from edgec.ops.registry import SourceNode
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite

_MAX_ELEMENTS = 1 << 16
_INTEGERS = {DType.INT32, DType.INT64}
_RESULTS = {*_INTEGERS, DType.FLOAT32, DType.BOOL}  # FILL: of any type

Fold = Callable[[Sequence[Array], Mapping[str, Any]], Array]


def folded_shapes(node: SourceNode, g: GraphBuilder) -> Array | None:
    """Return the result of a node on integers that are known beforehand.

    None where they are not, or where the node does not fit them: its importer says how.
    """
    if len(node.outputs) != 1 or (node.dtypes[0] not in _RESULTS and node.op != "FILL"):
        return None
    inputs = _known(node, g)
    if inputs is None:
        return None
    try:
        result = np.asarray(FOLDS[node.op](inputs, node.attrs), node.dtypes[0].numpy)
    except (ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError):
        return None
    return result if result.size <= _MAX_ELEMENTS else None


def _known(node: SourceNode, g: GraphBuilder) -> list[Array] | None:
    """Return the inputs where all of them are small integer constants, or only shapes count."""
    values = node.present_inputs()
    if node.op in {"SHAPE", "ZEROS_LIKE", "RANK"}:
        return [np.broadcast_to(np.int32(0), g.type(each).shape) for each in values]
    arrays = [g.constant_value(each) for each in values]
    known = [
        array
        for value, array in zip(values, arrays, strict=True)
        if array is not None and _is_small(g.type(value), node.op)
    ]
    return known if len(known) == len(values) else None


def _is_small(kind: TensorType, op: str) -> bool:
    fits = kind.dtype in {*_INTEGERS, DType.BOOL} or op == "FILL"
    return fits and kind.elements <= _MAX_ELEMENTS


def _shape(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    return np.array(inputs[0].shape, np.int64)


def _strided_slice(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    x, begins, ends, strides = inputs
    if any(attrs.get(key) for key in ("ellipsis_mask", "new_axis_mask", "offset")):
        message = "masks that shapes do not need"
        raise ValueError(message)
    begin_mask, end_mask, shrunk = (
        int(attrs.get(key, 0)) for key in ("begin_mask", "end_mask", "shrink_axis_mask")
    )
    index: list[int | slice] = []
    for axis, (begin, end, stride) in enumerate(
        zip(begins.flat, ends.flat, strides.flat, strict=True)
    ):
        bit = 1 << axis
        if shrunk & bit:
            index.append(int(begin))
        else:
            first = None if begin_mask & bit else int(begin)
            last = None if end_mask & bit else int(end)
            index.append(slice(first, last, int(stride)))
    return np.asarray(x[tuple(index)])


def _pack(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    return np.stack(inputs, axis=int(attrs.get("axis", 0)))


def _concatenation(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    return np.concatenate(inputs, axis=int(attrs.get("axis", 0)))


def _gather(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    x, indices = inputs
    if attrs.get("batch_dims", 0):
        message = "batches of indices"
        raise ValueError(message)
    axis = int(attrs.get("axis", 0))
    _check_small(indices.size * (x.size // max(1, x.shape[axis])))
    return np.take(x, indices, axis=axis)


def _fill(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    extents, value = inputs  # a quantized value has the quantization of the result
    shape = tuple(int(each) for each in extents.flat)
    if min(shape, default=0) < 0 or value.size != 1:
        message = f"{value.size} values for {shape}"
        raise ValueError(message)
    _check_small(prod(shape))
    return np.full(shape, value.item(), value.dtype)


def _of_two(f: Callable[[Array, Array], Array]) -> Fold:
    def fold(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
        if attrs.get("fused_activation_function", "NONE") != "NONE":
            message = "an activation"
            raise ValueError(message)
        a, b = inputs
        _check_small(prod(np.broadcast_shapes(a.shape, b.shape)))
        return np.asarray(f(a, b))

    return fold


def _check_small(elements: int) -> None:
    """Raise ValueError before shapes would be made that are none: nothing is folded then."""
    if elements > _MAX_ELEMENTS:
        message = f"{elements} elements are no shape"
        raise ValueError(message)


def _reduced(f: Callable[..., Array]) -> Fold:
    def fold(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
        x, axes = inputs
        keeps = bool(attrs.get("keep_dims", False))
        return np.asarray(f(x, axis=tuple(int(axis) for axis in axes.flat), keepdims=keeps))

    return fold


def _range(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    start, limit, step = (int(each.item()) for each in inputs)
    _check_small(max(0, -(-(limit - start) // step)))
    return np.arange(start, limit, step)


def _sparse_to_dense(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    """Return [*shape] of the default, with values at the rows of indices (or one, or a vector)."""
    indices, extents, values, default = inputs
    shape = tuple(int(each) for each in extents.flat)
    _check_small(prod(shape))
    places = indices.reshape(-1, len(shape)) if indices.ndim > 1 else indices.reshape(-1, 1)
    if len(shape) != places.shape[1] or min(shape, default=0) < 0 or (places < 0).any():
        message = f"indices {indices.shape} into {shape}"
        raise ValueError(message)
    result = np.full(shape, default.item(), default.dtype)
    result[tuple(places.T)] = values
    return result


def _broadcast_to(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    x, extents = inputs
    shape = tuple(int(each) for each in extents.flat)
    _check_small(prod(shape))
    return np.broadcast_to(x, shape)


def _select(inputs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    condition, a, b = inputs
    _check_small(prod(np.broadcast_shapes(condition.shape, a.shape, b.shape)))
    return np.where(condition, a, b)


describe_tflite("REDUCE_PROD", says=TfliteOperator(options="ReducerOptions"))

FOLDS: dict[str, Fold] = {
    "SHAPE": _shape,
    "ZEROS_LIKE": lambda inputs, _: np.zeros(inputs[0].shape, np.int32),
    "RANK": lambda inputs, _: np.array(inputs[0].ndim),
    "STRIDED_SLICE": _strided_slice,
    "PACK": _pack,
    "CONCATENATION": _concatenation,
    "GATHER": _gather,
    "REDUCE_PROD": _reduced(np.prod),
    "REDUCE_MAX": _reduced(np.max),
    "REDUCE_MIN": _reduced(np.min),
    "REDUCE_ANY": _reduced(np.any),
    "REDUCE_ALL": _reduced(np.all),
    "SUM": _reduced(np.sum),
    "RANGE": _range,
    "WHERE": lambda inputs, _: np.argwhere(*inputs),
    "SPARSE_TO_DENSE": _sparse_to_dense,
    "BROADCAST_TO": _broadcast_to,
    "SELECT_V2": _select,
    "LOGICAL_NOT": lambda inputs, _: np.logical_not(*inputs),
    "NEG": lambda inputs, _: np.negative(*inputs),
    "ABS": lambda inputs, _: np.abs(*inputs),
    "FLOOR_MOD": _of_two(np.mod),
    "FILL": _fill,
    "RESHAPE": lambda inputs, _: inputs[0].reshape([int(each) for each in inputs[1].flat]),
    "EXPAND_DIMS": lambda inputs, _: np.expand_dims(inputs[0], int(inputs[1].item())),
    "CAST": lambda inputs, _: inputs[0],
    "ADD": _of_two(np.add),
    "SUB": _of_two(np.subtract),
    "MUL": _of_two(np.multiply),
    "FLOOR_DIV": _of_two(np.floor_divide),
    "MAXIMUM": _of_two(np.maximum),
    "MINIMUM": _of_two(np.minimum),
    "LESS": _of_two(np.less),
    "LESS_EQUAL": _of_two(np.less_equal),
    "GREATER": _of_two(np.greater),
    "GREATER_EQUAL": _of_two(np.greater_equal),
    "EQUAL": _of_two(np.equal),
    "NOT_EQUAL": _of_two(np.not_equal),
    "LOGICAL_AND": _of_two(np.logical_and),
    "LOGICAL_OR": _of_two(np.logical_or),
}
"""Operators by name: inputs and attributes -> result."""
