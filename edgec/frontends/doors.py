"""Integers at the inputs and outputs of float models: numbers in the graph, and a note of the type.

A uint8 image that is made floats first, scores that are made uint8 last: the network in between is
a float model. To passes and the quantizer its inputs and outputs are floats like any others;
``Graph.doors`` keeps what the file has there, and
:class:`~edgec.passes.cleanup.open_doors.OpenDoors` brings it back once the graph is integers.
"""

from dataclasses import replace

from edgec.ir import Door, DType, Graph, Node, TensorType, ValueName
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.operator import is_float

KEPT = frozenset({DType.UINT8, DType.INT8, DType.INT16, DType.INT32})
"""Types that a model can have at its door."""


def with_floats_inside(graph: Graph, *, may_state: bool = False) -> Graph:
    """Return a graph without conversions at its door, where all that is left then is float.

    A file with quantized constants means what is between as integers, as few as it may be. So does
    one that converts at all its ends, where the format states quantization so (``may_state``).
    """
    if graph.grids:
        return graph
    inputs = {value: nodes for value in graph.inputs if (nodes := _dequantizing(graph, value))}
    outputs = {value: node for value in graph.outputs if (node := _quantizing(graph, value))}
    if may_state and (len(inputs), len(outputs)) == (len(graph.inputs), len(graph.outputs)):
        return graph
    gone = [*(node for nodes in inputs.values() for node in nodes), *outputs.values()]
    kinds = [graph.types[v] for node in graph.nodes if node not in gone for v in node.outputs]
    kinds += [graph.types[value] for value in graph.inputs if value not in inputs]
    if not gone or any(kind.qparams is not None for kind in kinds):
        return graph
    for value, nodes in inputs.items():
        graph = _opened(graph, value, nodes, {node.outputs[0]: value for node in nodes})
    for value, node in outputs.items():
        graph = _opened(graph, value, [node], {node.inputs[0]: value})
    return graph


def _dequantizing(graph: Graph, value: ValueName) -> list[Node]:
    """Return the nodes behind an integer input if all make floats of it that are no outputs."""
    readers, kind = graph.consumers().get(value, []), graph.types[value]
    if kind.qparams is None or kind.dtype not in KEPT or value in graph.outputs:
        return []
    inner = all(isinstance(node.op, Dequantize) for node in readers) and not any(
        node.outputs[0] in graph.outputs for node in readers
    )
    return readers if inner else []


def _quantizing(graph: Graph, value: ValueName) -> Node | None:
    """Return the node that makes an integer output of floats that nothing else needs a name for."""
    node = graph.producers().get(value)
    if node is None or not isinstance(node.op, Quantize) or graph.consumers().get(value):
        return None
    (source,) = node.inputs
    maker = graph.producers().get(source)
    computed = maker is not None and not isinstance(maker.op, Dequantize)
    kept = source in graph.outputs or not is_float(graph.types[source])
    return node if computed and not kept else None


def _opened(
    graph: Graph, value: ValueName, nodes: list[Node], names: dict[ValueName, ValueName]
) -> Graph:
    """Return the graph without conversions ``nodes``; ``value`` is float and what they made."""
    kind = graph.types[value]
    door = Door(kind.dtype, kind.quantization)
    rest = tuple(node for node in graph.nodes if node not in nodes)
    floats = dict.fromkeys([value, *names], TensorType(kind.shape))
    changed = replace(
        graph, nodes=rest, types={**graph.types, **floats}, doors={**graph.doors, value: door}
    )
    renamed = changed.renamed(names)
    return renamed.with_nodes(renamed.nodes)
