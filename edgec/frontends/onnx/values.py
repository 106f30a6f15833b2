"""Inputs and outputs of an ONNX graph: types with open axes filled in, names kept."""

from collections.abc import Sequence
from shlex import quote
from typing import Any

import onnx

from edgec.errors import EdgecError, Place
from edgec.frontends.limits import MAX_RANK
from edgec.frontends.shapes import Shapes, bound
from edgec.ir import DType, Graph, GraphBuilder, TensorType, ValueName
from edgec.ops.movement.reshape import Reshape

_FIX = "give it with --shape {name}={shape}, or export with this axis fixed"
_TYPES = {
    onnx.TensorProto.FLOAT: DType.FLOAT32,
    onnx.TensorProto.FLOAT16: DType.FLOAT32,
    onnx.TensorProto.INT8: DType.INT8,
    onnx.TensorProto.UINT8: DType.UINT8,
    onnx.TensorProto.INT16: DType.INT16,
    onnx.TensorProto.UINT16: DType.UINT16,
}


def input_type(value: Any, place: Place, shapes: Shapes) -> TensorType:
    """Return the type of a model input (``ValueInfoProto``).

    Open axes are filled in from ``shapes``, an open batch axis becomes 1; float16 becomes float32.
    Raises ``dynamic-shape``, ``unsupported-dtype``, ``invalid-shape`` or ``malformed-model``.
    """
    inside = Place(place.file, f"input {value.name!r}")
    tensor = value.type.tensor_type
    if tensor.elem_type not in _TYPES:
        raise EdgecError(
            "unsupported-dtype",
            f"input {value.name!r} is {_element(value)}, float32 is needed",
            place=inside,
            help="export the model in float32 (model.float() in PyTorch)",
        )
    dtype = _TYPES[tensor.elem_type]
    if not tensor.HasField("shape") and value.name in shapes:
        return TensorType(shapes[value.name], dtype)
    if not tensor.HasField("shape") or len(tensor.shape.dim) > MAX_RANK:
        message = f"input {value.name!r} has no known shape of at most {MAX_RANK} axes"
        hint = _FIX.format(name=quote(value.name), shape="1,...")
        raise EdgecError("dynamic-shape", message, place=inside, help=hint)
    own = tuple(_known(dim) for dim in tensor.shape.dim)
    shape = bound(value.name, own, shapes, inside)
    return TensorType(_closed(value, shape, inside), dtype)


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


def _known(dim: Any) -> int | None:
    """Return the extent of an axis, None where it is open."""
    fixed = dim.WhichOneof("value") == "dim_value" and dim.dim_value > 0
    return int(dim.dim_value) if fixed else None


def _closed(value: Any, shape: Sequence[int | None], place: Place) -> tuple[int, ...]:
    """Return the shape with the batch 1 where it is open; ``dynamic-shape`` where more is."""
    extents = [1 if extent is None and axis == 0 else extent for axis, extent in enumerate(shape)]
    known = [extent for extent in extents if extent is not None]
    if len(known) == len(extents):
        return tuple(known)
    axis = extents.index(None)
    dim = value.type.tensor_type.shape.dim[axis]
    given = str(dim.dim_value) if dim.WhichOneof("value") == "dim_value" else "not given"
    what = f"named {dim.dim_param!r}" if dim.dim_param else given
    message = f"axis {axis} of {place.inside} is dynamic ({what})"
    wanted = ",".join("?" if extent is None else str(extent) for extent in extents)
    hint = _FIX.format(name=quote(value.name), shape=wanted)
    raise EdgecError("dynamic-shape", message, place=place, help=hint)


def _element(value: Any) -> str:
    if value.type.WhichOneof("value") != "tensor_type":
        return "no tensor"
    try:
        return str(onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type)).lower()
    except ValueError:
        return "of an unknown type"
