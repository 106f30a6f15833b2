"""Integer inputs of ONNX models that are numbers: a Cast makes floats of them before all else.

Images are handed over as uint8, counts as int64. What only moves elements may stand between. To
the graph such an input is float from the start, and the Cast is none.
"""

from collections.abc import Iterator
from typing import Any

import onnx

from edgec.ir import Door, DType, QParams

_T = onnx.TensorProto
_TYPES = {  # in the file: at the door
    _T.UINT8: DType.UINT8,
    _T.BOOL: DType.UINT8,
    _T.INT8: DType.INT8,
    _T.INT16: DType.INT16,
    _T.UINT16: DType.INT32,
    _T.INT32: DType.INT32,
    _T.UINT32: DType.INT32,
    _T.INT64: DType.INT32,
    _T.UINT64: DType.INT32,
}
_KEPT = {_T.UINT8, _T.INT8, _T.INT16, _T.INT32}
_ITSELF = QParams((1.0,), (0,))
_FIRST_MOVES = {  # operators that move the elements of their first input, and nothing else
    *("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Slice", "Split"),
    *("Tile", "Expand", "DepthToSpace", "SpaceToDepth", "Gather"),
}


def number_inputs(model: Any) -> dict[str, Door]:
    """Return the integer inputs of a ``ModelProto`` that are numbers, with their integers."""
    graph = model.graph
    initializers = {each.name for each in graph.initializer}
    typed = {
        each.name: _TYPES[each.type.tensor_type.elem_type]
        for each in graph.input
        if each.name not in initializers and each.type.tensor_type.elem_type in _TYPES
    }
    numbers = _moved(graph, set(typed))
    while wrong := numbers & _needed_as_integers(graph, numbers):
        numbers -= wrong
        numbers = _moved(graph, numbers & set(typed)) & numbers
    return {name: Door(typed[name], _ITSELF) for name in typed if name in numbers}


def type_remark(value: Any, door: Door) -> str:
    """Say where an input has another type than in the file (``ValueInfoProto``)."""
    number = value.type.tensor_type.elem_type
    if number in _KEPT:
        return ""
    name = str(_T.DataType.Name(number)).lower()
    return f"input {value.name!r} is {name} in the file, {door.dtype.value} here"


def _moved(graph: Any, inputs: set[str]) -> set[str]:
    """Return the inputs, and what is made of them by moving elements."""
    found = set(inputs)
    for node in graph.node:
        if _moves(node, found):
            found.update(node.output)
    return found


def _moves(node: Any, numbers: set[str]) -> bool:
    if node.op_type == "Concat":
        return bool(numbers & set(node.input))
    return node.op_type in _FIRST_MOVES and bool(node.input) and node.input[0] in numbers


def _needed_as_integers(graph: Any, numbers: set[str]) -> set[str]:
    """Return what something else than moves and casts to floats reads, or moves with others."""
    found = {each.name for each in graph.output}
    for node in graph.node:
        found.update(_captured(node))
        if _moves(node, numbers):
            alike = node.input if node.op_type == "Concat" else node.input[:1]
            made_too = set(node.output) <= numbers and set(alike) <= numbers
            found.update(node.input[1:] if node.op_type != "Concat" else ())
            found.update(() if made_too else alike)
        elif not _is_cast_to_floats(node):
            found.update(node.input)
    return found


def _is_cast_to_floats(node: Any) -> bool:
    return node.op_type == "Cast" and any(
        each.name == "to" and each.i == _T.FLOAT for each in node.attribute
    )


def _captured(node: Any) -> Iterator[str]:
    """Yield the names that branches and bodies of a node read."""
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for each in graph.node:
                yield from each.input
                yield from _captured(each)
            yield from (each.name for each in graph.output)
