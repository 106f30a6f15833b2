"""Inputs and outputs of an ONNX graph: types with the batch fixed to 1, names kept."""

from collections.abc import Sequence
from typing import Any

import onnx

from edgec.errors import EdgecError, Place
from edgec.frontends.limits import MAX_RANK
from edgec.ir import Graph, GraphBuilder, TensorType, ValueName
from edgec.ops.reshape import Reshape

_FIX = "export with this axis fixed (dynamic_axes / dynamic_shapes only for the batch)"


def input_type(value: Any, place: Place) -> TensorType:
    """Return the type of a model input (``ValueInfoProto``): float32, a dynamic batch made 1.

    Raises ``dynamic-shape``, ``unsupported-dtype`` or ``malformed-model``.
    """
    inside = Place(place.file, f"input {value.name!r}")
    tensor = value.type.tensor_type
    if tensor.elem_type != onnx.TensorProto.FLOAT:
        raise EdgecError(
            "unsupported-dtype",
            f"input {value.name!r} is {_element(value)}, float32 is needed",
            place=inside,
            help="export the model in float32 (model.float() in PyTorch)",
        )
    if not tensor.HasField("shape") or len(tensor.shape.dim) > MAX_RANK:
        message = f"input {value.name!r} has no known shape of at most {MAX_RANK} axes"
        raise EdgecError("dynamic-shape", message, place=inside, help=_FIX)
    return TensorType(tuple(_extent(i, d, inside) for i, d in enumerate(tensor.shape.dim)))


def name_outputs(g: GraphBuilder, wanted: Sequence[tuple[str, ValueName]]) -> Graph:
    """Build the graph whose outputs are (name, value) pairs, called by these names.

    What is an input, a constant or an output already is copied, so that every output has a name
    of its own.
    """
    outputs: list[ValueName] = []
    made: dict[ValueName, str] = {}
    inputs = set(g.build([]).inputs)
    for name, value in wanted:
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


def _extent(axis: int, dim: Any, place: Place) -> int:
    known = dim.WhichOneof("value") == "dim_value"
    extent = int(dim.dim_value)
    if known and extent > 0:
        return extent
    if axis == 0:
        return 1
    what = (
        f"named {dim.dim_param!r}" if dim.dim_param else "not given" if not known else str(extent)
    )
    message = f"axis {axis} of {place.inside} is dynamic ({what})"
    raise EdgecError("dynamic-shape", message, place=place, help=_FIX)


def _element(value: Any) -> str:
    if value.type.WhichOneof("value") != "tensor_type":
        return "no tensor"
    try:
        return str(onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type)).lower()
    except ValueError:
        return "of an unknown type"
