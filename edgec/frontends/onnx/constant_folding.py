"""Folds nodes whose inputs are known at import: shape arithmetic, reshaped weights, constants.

The evaluator is the reference one of the ``onnx`` package. Only operators whose output cannot be
much larger than their inputs are folded, so that a hostile file cannot ask for the memory.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from edgec.ir import Array

_MAX_ELEMENTS = 2**28
# fmt: off
_ELEMENTWISE = frozenset({
    "Abs", "Add", "And", "Cast", "Ceil", "Div", "Equal", "Exp", "Floor", "Greater",
    "GreaterOrEqual", "Less", "LessOrEqual", "Log", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or",
    "Pow", "Reciprocal", "Round", "Sqrt", "Sub", "Where", "Xor",
})
_REARRANGING = frozenset({
    "Clip", "Concat", "Constant", "DequantizeLinear", "Flatten", "Identity", "QuantizeLinear",
    "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum", "Reshape", "Slice", "Split", "Squeeze",
    "Transpose", "Unsqueeze",
})
_LARGER = frozenset({
    "ConstantOfShape", "ConvInteger", "Expand", "Gather", "MatMulInteger", "NonZero", "Range",
    "Tile",
})
# fmt: on
TEXT = "OSU"
"""Kinds of NumPy types of texts."""
_QDQ = {"DequantizeLinear", "QuantizeLinear"}
_QDQ_OPSET = 21  # says what all versions before said, and the evaluator has it
SHAPE_ONLY = frozenset({"Shape", "Size"})  # known even where the input is not
FOLDABLE = _ELEMENTWISE | _REARRANGING | _LARGER | SHAPE_ONLY
SAME_ELEMENTS = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})


def fold(node: Any, inputs: Sequence[Array | None], opset: int) -> list[Array] | None:
    """Return the outputs of a node (``NodeProto``) for known inputs (None: absent, optional).

    None where the operator is not folded, the result would be huge or the evaluation fails.
    """
    if node.op_type not in FOLDABLE or _elements(node.op_type, inputs) > _MAX_ELEMENTS:
        return None
    pairs = list(zip(node.input, inputs, strict=True))
    if node.op_type in _QDQ:  # per tensor, a scale may be a vector of one
        pairs = pairs[:1] + [
            (name, array if array is None else _scalar(array)) for name, array in pairs[1:]
        ]
        opset = max(opset, _QDQ_OPSET)
    feeds = {name: array for name, array in pairs if array is not None}
    try:
        results = _run(node, feeds, opset)
    except Exception:  # noqa: BLE001 - whatever it is, the importer will say what does not fit
        return None
    return None if any(each.dtype.kind in TEXT for each in results) else results


def shape_stand_in(shape: Sequence[int]) -> Array:
    """Return an array of a shape that takes no memory, to ask for nothing but its shape."""
    return np.broadcast_to(np.float32(0), tuple(shape))


def _scalar(array: Array) -> Array:
    return array.reshape(()) if array.size == 1 else array


def _run(node: Any, feeds: Mapping[str, Array], opset: int) -> list[Array]:
    function = onnx.helper.make_function(
        "edgec",
        "fold",
        list(feeds),
        list(node.output),
        [node],
        [onnx.helper.make_opsetid("", opset)],
    )
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        results = ReferenceEvaluator(function).run(None, dict(feeds), {})
    return [np.asarray(each) for each in results]


def _elements(op: str, inputs: Sequence[Array | None]) -> int:
    """Bound the elements of the result; shapes that do not fit count as too many."""
    arrays = [each for each in inputs if each is not None]
    bound = _GROWING.get(op)
    try:
        if bound:
            return bound(arrays)
        if op in _ELEMENTWISE:
            return prod(np.broadcast_shapes(*(each.shape for each in arrays)))
    except (ValueError, IndexError, TypeError):
        return _MAX_ELEMENTS + 1
    return 1 if op in SHAPE_ONLY else sum(each.size for each in arrays)


def _extents(array: Array) -> int:
    return prod(int(extent) for extent in array.reshape(-1))


def _steps(arrays: list[Array]) -> int:
    start, limit, delta = (float(each.reshape(-1)[0]) for each in arrays)
    steps = (limit - start) / delta if delta else np.inf
    return int(max(0.0, np.ceil(steps))) if np.isfinite(steps) else _MAX_ELEMENTS + 1


_GROWING: dict[str, Callable[[list[Array]], int]] = {
    "ConstantOfShape": lambda arrays: _extents(arrays[0]),
    "ConvInteger": lambda arrays: arrays[0].size * arrays[1].size,
    "MatMulInteger": lambda arrays: arrays[0].size * arrays[1].size,
    "Expand": lambda arrays: _extents(arrays[1]) * max(1, arrays[0].size),
    "Gather": lambda arrays: arrays[0].size * max(1, arrays[1].size),
    "NonZero": lambda arrays: arrays[0].size * arrays[0].ndim,
    "Range": _steps,
    "Tile": lambda arrays: arrays[0].size * _extents(arrays[1]),
}
