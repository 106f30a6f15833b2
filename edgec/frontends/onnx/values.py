"""Inputs and outputs of an ONNX graph: their types, their names kept."""

from collections.abc import Sequence
from typing import Any

import onnx

from edgec.errors import EdgecError, Place
from edgec.ir import DType, Graph, GraphBuilder, TensorType, ValueName
from edgec.ops.movement.reshape import Reshape

_TYPES = {
    onnx.TensorProto.FLOAT: DType.FLOAT32,
    onnx.TensorProto.FLOAT16: DType.FLOAT32,
    onnx.TensorProto.INT8: DType.INT8,
    onnx.TensorProto.UINT8: DType.UINT8,
    onnx.TensorProto.INT16: DType.INT16,
    onnx.TensorProto.UINT16: DType.UINT16,
    onnx.TensorProto.INT32: DType.INT32,
    onnx.TensorProto.INT64: DType.INT32,  # what counts has 32 bits inside
    onnx.TensorProto.BOOL: DType.BOOL,
}


def input_type(value: Any, shape: tuple[int, ...], place: Place) -> TensorType:
    """Return the type of a model input (``ValueInfoProto``) of a known shape.

    float16 becomes float32. Raises ``unsupported-dtype``.
    """
    check_element(value, place)
    return TensorType(shape, _TYPES[value.type.tensor_type.elem_type])


def element_type(value: Any) -> DType | None:
    """Return the type of elements that a file states for a value, where it is one of ours."""
    return _TYPES.get(value.type.tensor_type.elem_type)


def check_element(value: Any, place: Place) -> None:
    """Raise ``unsupported-dtype`` for an input whose elements are of no type that is read."""
    if value.type.tensor_type.elem_type not in _TYPES:
        raise EdgecError(
            "unsupported-dtype",
            f"input {value.name!r} is {_element(value)}, float32 is needed",
            place=Place(place.file, f"input {value.name!r}"),
            help="export the model in float32 (model.float() in PyTorch)",
        )


def name_outputs(g: GraphBuilder, wanted: Sequence[tuple[str, ValueName]]) -> Graph:
    """Build the graph whose outputs are (name, value) pairs, called by these names.

    What is an input, a constant or an output already is copied, so that every output has a name
    of its own. One that a file lists twice is one.
    """
    outputs: list[ValueName] = []
    made: dict[ValueName, str] = {}
    inputs = set(g.build([]).inputs)
    for name, value in dict.fromkeys(wanted):
        result = value
        if value in inputs or value in made or g.constant_value(value) is not None:
            copy = Reshape(shape=g.type(value).shape)
            (result,) = g.add(copy, [value], name=f"{name}/copy", outputs=[name])
        made[result] = name
        outputs.append(result)
    graph = g.build(outputs)
    renamed = {value: ValueName(name) for value, name in made.items() if value != name}
    return _out_of_the_way(graph, renamed).renamed(renamed) if renamed else graph


def _out_of_the_way(graph: Graph, renamed: dict[ValueName, ValueName]) -> Graph:
    """Give other values that bear a wanted name a new one."""
    taken = set(graph.types) | set(renamed.values())
    moves: dict[ValueName, ValueName] = {}
    for name in renamed.values():
        if name in graph.types and name not in renamed:
            moves[name] = next(
                fresh
                for i in range(2, len(taken) + 3)
                if (fresh := ValueName(f"{name}.{i}")) not in taken
            )
            taken.add(moves[name])
    return graph.renamed(moves) if moves else graph


def _element(value: Any) -> str:
    if value.type.WhichOneof("value") != "tensor_type":
        return "no tensor"
    try:
        return str(onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type)).lower()
    except ValueError:
        return "of an unknown type"
