"""Gives the inputs and outputs of an integer model the integer types of its source file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from edgec.ir import DType, Graph, Node, QParams, TensorType, ValueName
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize, signed_form
from edgec.ops.operator import is_float
from edgec.passes.rewrite import unused

_DIRECT = {  # what QUANTIZE makes of a type
    DType.FLOAT32: {DType.INT8, DType.UINT8, DType.INT16},
    DType.UINT8: {DType.INT8, DType.UINT8},
    DType.INT8: {DType.INT8, DType.UINT8, DType.INT16},
    DType.INT16: {DType.INT8, DType.INT16, DType.INT32},
    DType.INT32: {DType.INT8, DType.INT16},
}


@dataclass(frozen=True, slots=True)
class OpenDoors:
    """Puts QUANTIZE between the integers that a file has at its door and those inside.

    The shift of uint8 to the int8 of the same scale is exact. Where both are equal there is none.
    """

    name: ClassVar[str] = "open_doors"

    def run(self, graph: Graph) -> Graph:
        for value in graph.without_states(graph.inputs):
            graph = _with_input(graph, value) if value in graph.doors else graph
        for value in graph.without_states(graph.outputs):
            opened = value in graph.doors and value not in graph.inputs
            graph = _with_output(graph, value) if opened else graph
        return replace(graph, doors={}) if graph.doors else graph


def _with_input(graph: Graph, value: ValueName) -> Graph:
    inside = graph.types[value]
    outside = graph.doors[value].of_shape(inside.shape)
    if inside == outside:
        return graph
    inner = _unused(graph, f"{value}.inside")
    outputs = graph.outputs
    changed = graph.renamed({value: inner})
    nodes, types = _conversions(graph, value, inner, outside, inside)
    inputs = tuple(value if each == inner else each for each in changed.inputs)
    layouts, types = graph.layouts, {**changed.types, **types}
    opened = replace(changed, inputs=inputs, outputs=outputs, types=types, layouts=layouts)
    return opened.with_nodes([*nodes, *opened.nodes])


def _with_output(graph: Graph, value: ValueName) -> Graph:
    inside = graph.types[value]
    outside = graph.doors[value].of_shape(inside.shape)
    if inside == outside:
        return graph
    inner = _unused(graph, f"{value}.inside")
    changed = graph.renamed({value: inner})
    nodes, types = _conversions(graph, inner, value, inside, outside)
    layouts, types = graph.layouts, {**changed.types, **types}
    opened = replace(changed, outputs=graph.outputs, types=types, layouts=layouts)
    return opened.with_nodes([*opened.nodes, *nodes])


def _conversions(
    graph: Graph, first: ValueName, last: ValueName, source: TensorType, target: TensorType
) -> tuple[list[Node], dict[ValueName, TensorType]]:
    """Return nodes that make ``last`` of ``first``, and the types of what they make and read."""
    steps = [source, *_between(source, target), target]
    values = [first, *(_unused(graph, f"{first}.{kind.dtype.value}") for kind in steps[1:-1]), last]
    taken, nodes = {node.name for node in graph.nodes}, list[Node]()
    for value, result, kind in zip(values, values[1:], steps[1:], strict=False):
        made = "dequantize" if is_float(kind) else f"quantize_{kind.dtype.value}"
        name = unused(f"{first}/{made}", taken)
        op = Dequantize() if is_float(kind) else Quantize(dtype=kind.dtype)
        nodes.append(Node(name, op, (value,), (result,), (name,)))
        taken.add(name)
    return nodes, dict(zip(values, steps, strict=True))


def _between(source: TensorType, target: TensorType) -> Iterator[TensorType]:
    """Yield the types on the way where no QUANTIZE goes all of it: nothing is lost in them."""
    if is_float(target) or target.dtype in _DIRECT[source.dtype]:
        return
    if source.dtype is DType.UINT8:
        yield signed_form(source)
    elif target.dtype is DType.INT32:
        yield _widened(source)
    elif target.dtype is DType.UINT8:
        yield signed_form(target)


def _widened(kind: TensorType) -> TensorType:
    """Return int16 for int8: 128 steps for each of theirs."""
    return TensorType(kind.shape, DType.INT16, QParams.per_tensor(kind.quantization.scale / 128))


def _unused(graph: Graph, name: str) -> ValueName:
    taken: Sequence[str] = [*graph.types, *(node.name for node in graph.nodes)]
    return ValueName(unused(name, set(taken)))
