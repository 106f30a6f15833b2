"""Inputs and outputs of an ONNX graph: types with open axes filled in, names kept."""

from collections.abc import Sequence
from shlex import quote
from typing import Any

import onnx

from edgec.errors import EdgecError, Place
from edgec.frontends.limits import MAX_RANK
from edgec.frontends.onnx.axis_roles import AxisRoles, Role
from edgec.frontends.shapes import Shapes, bound
from edgec.ir import DType, Graph, GraphBuilder, TensorType, ValueName
from edgec.ops.movement.reshape import Reshape

_FIX = "give it with --shape {name}={shape}, or export with this axis fixed"
_STEPS = 16  # of an example
# fmt: off
_TIMES = frozenset({  # names of axes that are no batch
    "frames", "len", "length", "n_frames", "num_frames", "num_steps", "seq", "seq_len",
    "seq_length", "seqlen", "sequence", "sequence_length", "steps", "t", "time", "time_steps",
    "times", "timesteps", "window",
})
# fmt: on
_TYPES = {
    onnx.TensorProto.FLOAT: DType.FLOAT32,
    onnx.TensorProto.FLOAT16: DType.FLOAT32,
    onnx.TensorProto.INT8: DType.INT8,
    onnx.TensorProto.UINT8: DType.UINT8,
    onnx.TensorProto.INT16: DType.INT16,
    onnx.TensorProto.UINT16: DType.UINT16,
}


def input_type(value: Any, place: Place, shapes: Shapes, roles: AxisRoles) -> TensorType:
    """Return the type of a model input (``ValueInfoProto``).

    Open axes are filled in from ``shapes``, an open batch axis becomes 1 (the first axis, but where
    ``roles`` has it that it is something else); float16 becomes float32.
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
    return TensorType(_closed(value, shape, inside, roles), dtype)


def first_axis_remark(value: Any, shapes: Shapes, roles: AxisRoles) -> str:
    """Say that an open first axis became 1 where only its name says it is no batch."""
    dims = value.type.tensor_type.shape.dim
    if not dims or value.name in shapes or _known(dims[0]) is not None:
        return ""
    name = dims[0].dim_param
    if name.lower() not in _TIMES or roles.of(value.name, 0, len(dims)) is not None:
        return ""
    rest = ",".join(str(_known(dim) or 1) for dim in list(dims)[1:])
    example = f"{value.name}={_STEPS}{',' * bool(rest)}{rest}"
    return (
        f"axis 0 of input {value.name!r} is open and named {name!r}; 1 was taken, as for a batch: "
        f"one element a run. For more in one run: --shape {example}"
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


def _known(dim: Any) -> int | None:
    """Return the extent of an axis, None where it is open."""
    fixed = dim.WhichOneof("value") == "dim_value" and dim.dim_value > 0
    return int(dim.dim_value) if fixed else None


def _closed(
    value: Any, shape: Sequence[int | None], place: Place, roles: AxisRoles
) -> tuple[int, ...]:
    """Return the shape with the batch 1 where it is open; ``dynamic-shape`` where more is."""
    found = {
        axis: roles.of(value.name, axis, len(shape))
        for axis, extent in enumerate(shape)
        if extent is None
    }
    batches = {axis for axis, role in found.items() if (role.is_batch if role else axis == 0)}
    extents = [1 if axis in batches else extent for axis, extent in enumerate(shape)]
    known = [extent for extent in extents if extent is not None]
    if len(known) == len(extents):
        return tuple(known)
    first, *others = (axis for axis, extent in enumerate(extents) if extent is None)
    wanted = ",".join("?" if extent is None else str(extent) for extent in extents)
    hint = _FIX.format(name=quote(value.name), shape=wanted)
    hint += _example(quote(value.name), extents, found[first])
    raise EdgecError(
        "dynamic-shape",
        f"axis {first} of {place.inside} is dynamic {_described(value, first, found[first])}",
        place=place,
        notes=[f"so is axis {axis} {_described(value, axis, found[axis])}" for axis in others],
        help=hint,
    )


def _described(value: Any, axis: int, role: Role | None) -> str:
    """Say how the file calls an open axis, and what it is."""
    dim = value.type.tensor_type.shape.dim[axis]
    given = str(dim.dim_value) if dim.WhichOneof("value") == "dim_value" else "not given"
    called = f"named {dim.dim_param!r}" if dim.dim_param else given
    return f"({called})" + (f"; it is {role.text}" if role else "")


def _example(name: str, extents: Sequence[int | None], role: Role | None) -> str:
    """Return what to type for sequences; a recurrent layer may run step by step, too."""
    if role is None or not role.is_time:
        return ""
    many, one = (
        ",".join(str(each if extent is None else extent) for extent in extents)
        for each in (_STEPS, 1)
    )
    return (
        f". For runs of {_STEPS} steps, each from a zero state: --shape {name}={many}; for one "
        f"step a run: --shape {name}={one}, with the states among the model's inputs and outputs, "
        "which --state H_IN=H_OUT keeps"
    )


def _element(value: Any) -> str:
    if value.type.WhichOneof("value") != "tensor_type":
        return "no tensor"
    try:
        return str(onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type)).lower()
    except ValueError:
        return "of an unknown type"
