"""Folds nodes whose inputs are known at import: shape arithmetic, reshaped weights, constants.

The evaluator is the reference one of the ``onnx`` package. How large the result will be is known
before it is made, so that a hostile file cannot ask for the memory.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from math import ceil, prod
from typing import Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from edgec.ir import Array, Room

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
_TO_TEXT = (onnx.TensorProto.STRING,)
_MOST_WORK = 1 << 28  # multiplications: a second or so
_WIDEST = 8  # bytes of an element, where the inputs' types do not tell
_NARROWEST = 4
# fmt: on
TEXT = "OSU"
"""Kinds of NumPy types of texts."""
_QDQ = {"DequantizeLinear", "QuantizeLinear"}
_QDQ_OPSET = 21  # says what all versions before said, and the evaluator has it
SHAPE_ONLY = frozenset({"Shape", "Size"})  # known even where the input is not
FOLDABLE = _ELEMENTWISE | _REARRANGING | _LARGER | SHAPE_ONLY
SAME_ELEMENTS = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})


def fold(node: Any, inputs: Sequence[Array | None], opset: int, room: Room) -> list[Array] | None:
    """Return the outputs of a node (``NodeProto``) for known inputs (None: absent, optional).

    None where the operator is not folded or does not fit its inputs: its importer says how. Raises
    :class:`edgec.ir.TooLargeError` where there is no room for the result.
    """
    if node.op_type not in FOLDABLE or _makes_texts(node):
        return None
    size = _size(node, inputs)
    if size is None or _work(node, inputs) > _MOST_WORK:
        return None
    room.check(size)
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
    if any(each.dtype.kind in TEXT for each in results):
        return None
    room.take(sum(each.nbytes for each in results))
    return results


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


def _makes_texts(node: Any) -> bool:
    """Tell whether a node makes texts, which take many times the memory."""
    if node.op_type == "Constant":
        given = node.attribute
        return any(each.s or each.strings or each.t.data_type in _TO_TEXT for each in given)
    casts = [each.i for each in node.attribute if each.name == "to"]
    return node.op_type == "Cast" and casts == [*_TO_TEXT]


def _size(node: Any, inputs: Sequence[Array | None]) -> int | None:
    """Return the bytes of the result at most; None where the inputs do not fit the operator."""
    op, arrays = node.op_type, [each for each in inputs if each is not None]
    if op in SHAPE_ONLY:
        return _WIDEST * max((each.ndim for each in arrays), default=1)
    width = max((each.itemsize for each in arrays if each.dtype.kind not in TEXT), default=_WIDEST)
    width = _WIDEST if op == "Cast" else max(width, _NARROWEST)
    elements = _GROWING.get(op, _broadcast if op in _ELEMENTWISE else _together)
    try:
        return max(0, width * elements(node, arrays))
    except (ValueError, IndexError, TypeError, OverflowError):
        return None


def _work(node: Any, inputs: Sequence[Array | None]) -> int:
    """Return the multiplications at most; one for each pair of elements of a convolution."""
    arrays = [each for each in inputs if each is not None]
    if node.op_type == "ConvInteger":
        return arrays[0].size * arrays[1].size
    if node.op_type == "MatMulInteger":
        return _product(node, arrays) * prod(arrays[0].shape[-1:])
    return 0


def _together(node: Any, arrays: list[Array]) -> int:
    return sum(each.size for each in arrays)


def _broadcast(node: Any, arrays: list[Array]) -> int:
    return prod(np.broadcast_shapes(*(each.shape for each in arrays)))


def _extents(array: Array) -> tuple[int, ...]:
    return tuple(int(extent) for extent in array.reshape(-1))


def _expanded(node: Any, arrays: list[Array]) -> int:
    """Return the elements of both shapes together, whether or not they fit each other."""
    shapes = (arrays[0].shape[::-1], _extents(arrays[1])[::-1])
    return prod(max(pair) for pair in zip_longest(*shapes, fillvalue=1))


def _gathered(node: Any, arrays: list[Array]) -> int:
    x, indices = arrays
    axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
    return indices.size * (x.size // max(1, x.shape[axis]))


def _product(node: Any, arrays: list[Array]) -> int:
    """Return the elements of a matrix product: those of the left rows and the right columns."""
    a, b = arrays[:2]
    rows = prod(np.broadcast_shapes(a.shape[:-2], b.shape[:-2])) * prod(a.shape[-2:-1])
    return rows * prod(b.shape[-1:] if b.ndim > 1 else ())


def _steps(node: Any, arrays: list[Array]) -> int:
    start, limit, delta = (float(each.reshape(-1)[0]) for each in arrays)
    return max(0, ceil((limit - start) / delta)) if delta else 0


_GROWING: dict[str, Callable[[Any, list[Array]], int]] = {
    "ConstantOfShape": lambda _, arrays: prod(_extents(arrays[0])),
    "ConvInteger": lambda _, arrays: arrays[0].size * arrays[1].size,
    "Expand": _expanded,
    "Gather": _gathered,
    "MatMulInteger": _product,
    "NonZero": lambda _, arrays: int(np.count_nonzero(arrays[0])) * arrays[0].ndim,
    "Range": _steps,
    "Tile": lambda _, arrays: arrays[0].size * prod(_extents(arrays[1])),
}
"""Elements of the result at most, by operator."""
