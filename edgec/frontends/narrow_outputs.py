"""Outputs of 8 or 16 bits that no scale is stated for: masks, images, labels.

Inside, whole numbers are int32, whatever the file calls them. At the end they get the type that the
file gives its output. Where they come of real numbers of a float model (an image in uint8), these
are real to the end: :class:`~edgec.passes.cleanup.open_doors.OpenDoors` makes the integers, the
nearest of each.
"""

from collections.abc import Mapping
from dataclasses import replace

from edgec.ir import Door, DType, Graph, Node, QParams, TensorType, ValueName
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.cast import Cast
from edgec.ops.operator import Operator, is_float

NARROW = frozenset({DType.UINT8, DType.INT8, DType.INT16})
"""Types that outputs of numbers have at the C interface, besides int32 and bool."""
_WIDE = (DType.INT32, DType.BOOL)
_AT_ONCE = {DType.BOOL, DType.FLOAT32}
_ITSELF = QParams((1.0,), (0,))


def with_narrow_outputs(
    graph: Graph, stated: Mapping[ValueName, DType], *, is_float_model: bool
) -> Graph:
    """Return the graph with the types that the file states for outputs of numbers."""
    for name, wanted in stated.items():
        kind = graph.types[name] if name in graph.outputs else None
        if kind is not None and kind.dtype in _WIDE and not kind.qparams:
            real = _real(graph, name, wanted) if is_float_model else None
            graph = real or _narrowed(graph, name, wanted)
    return graph


def _real(graph: Graph, output: ValueName, wanted: DType) -> Graph | None:
    """Return the graph without a cast of real numbers before an output; None: there is none."""
    makers, readers = graph.producers(), graph.consumers()
    value, moved = output, list[ValueName]()
    while (node := makers.get(value)) is not None:
        alone = not readers.get(value) if value == output else len(readers[value]) == 1
        if not alone or (moved and value in graph.outputs):
            return None
        moved.append(value)
        if isinstance(node.op, Cast):
            break
        if not isinstance(node.op, Operator) or not node.op.moves_only or len(node.inputs) != 1:
            return None
        value = node.inputs[0]
    if node is None or not is_float(graph.types[node.inputs[0]]):
        return None
    floats = {each: TensorType(graph.types[each].shape) for each in moved}
    view = replace(node, op=Reshape(shape=graph.types[value].shape))
    nodes = tuple(view if each is node else each for each in graph.nodes)
    doors = {**graph.doors, output: Door(wanted, _ITSELF)}
    return replace(graph, nodes=nodes, types={**graph.types, **floats}, doors=doors)


def _narrowed(graph: Graph, output: ValueName, wanted: DType) -> Graph:
    """Return the graph with a cast before an output: in place of one that only it reads."""
    inner = _free(graph, f"{output}.wide")
    kind = graph.types[output]
    renamed = replace(graph.renamed({output: inner}), outputs=graph.outputs)
    source, nodes = inner, list(renamed.nodes)
    maker = renamed.producers()[inner]
    before = renamed.types[maker.inputs[0]].dtype if isinstance(maker.op, Cast) else None
    if before in _AT_ONCE and not renamed.consumers().get(inner):
        source = maker.inputs[0]
        nodes.remove(maker)
    name = _free(graph, f"{output}/{wanted.value}")
    nodes.append(Node(name, Cast(dtype=wanted), (source,), (output,), (name,)))
    return renamed.with_nodes(nodes, types={output: TensorType(kind.shape, wanted)})


def _free(graph: Graph, name: str) -> ValueName:
    taken = {*graph.types, *(node.name for node in graph.nodes)}
    while name in taken:
        name += "."
    return ValueName(name)
