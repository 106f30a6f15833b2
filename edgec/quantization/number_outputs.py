"""Outputs that are whole numbers in floats, such as indices of classes: whole numbers again.

A file casts an index to float32 at its very end. As a real number it would be quantized, and 256
steps count no farther than 255.
"""

from dataclasses import replace

from edgec.ir import Graph, Node, ValueName
from edgec.ops.numbers.cast import Cast
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import is_number


def with_number_outputs(graph: Graph) -> Graph:
    """Return the graph without casts to float32 that only outputs read; these become int32."""
    for value in graph.outputs:
        graph = _as_numbers(graph, value)
    return graph


def _as_numbers(graph: Graph, output: ValueName) -> Graph:
    """Return the graph with an output as it was before its cast, where it has one."""
    makers, readers = graph.producers(), graph.consumers()
    moved: list[Node] = []
    value = output
    while (node := makers.get(value)) is not None and _is_move(node):
        moved.append(node)
        value = node.inputs[0]
        if len(readers[value]) > 1 or value in graph.outputs:
            return graph
    if node is None or not _counts(node, graph) or readers.get(output):
        return graph
    (source,) = node.inputs
    if not moved and (source in graph.outputs or source in graph.inputs):
        return graph
    types = dict(graph.types)
    for each in (value, *(each.outputs[0] for each in moved)):
        types[each] = replace(types[each], dtype=graph.types[source].dtype)
    nodes = [each for each in graph.nodes if each is not node]
    if moved:  # the first that moves takes the number itself
        first = moved[-1]
        nodes = [replace(n, inputs=(source,)) if n is first else n for n in nodes]
        return replace(graph, types=types).with_nodes(nodes)
    if len(readers[source]) > 1:
        return graph
    types[source] = types[value]
    renamed = replace(graph, nodes=tuple(nodes), types=types).renamed({source: value})
    return renamed.with_nodes(renamed.nodes)


def _is_move(node: Node) -> bool:
    return isinstance(node.op, Operator) and node.op.moves_only and len(node.inputs) == 1


def _counts(node: Node, graph: Graph) -> bool:
    """Tell whether a node makes floats of plain numbers."""
    kinds = [graph.types[value] for value in (*node.inputs, *node.outputs)]
    return isinstance(node.op, Cast) and is_number(kinds[0]) and is_float(kinds[1])
