"""Makes an integer model's float inputs and outputs integers: the caller hands over int8."""

from dataclasses import dataclass, replace
from typing import ClassVar

from edgec.ir import Graph, Node, ValueName
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.operator import is_float


@dataclass(frozen=True, slots=True)
class StripIoQuantize:
    """Drops QUANTIZE right behind an input and DEQUANTIZE right before an output.

    Inputs and outputs keep their names; their type becomes that of the integers.
    """

    name: ClassVar[str] = "strip_io_quantize"

    def run(self, graph: Graph) -> Graph:
        for value in graph.inputs:
            graph = _strip_input(graph, value)
        for value in graph.outputs:
            graph = _strip_output(graph, value)
        return graph


def _strip_input(graph: Graph, value: ValueName) -> Graph:
    readers = graph.consumers().get(value, [])
    results = [node.outputs[0] for node in readers]
    kinds = {graph.types[result] for result in results}
    only_quantized = all(isinstance(node.op, Quantize) for node in readers)
    if not is_float(graph.types[value]) or not only_quantized or len(kinds) != 1:
        return graph
    if value in graph.outputs or set(results) & set(graph.outputs):
        return graph
    return _without(graph, readers, dict.fromkeys(results, value), value, results[0])


def _strip_output(graph: Graph, value: ValueName) -> Graph:
    node = graph.producers().get(value)
    if node is None or not isinstance(node.op, Dequantize) or graph.consumers().get(value):
        return graph
    (source,) = node.inputs
    if source in (*graph.inputs, *graph.outputs) or source in graph.constants:
        return graph
    return _without(graph, [node], {source: value}, value, source)


def _without(
    graph: Graph,
    nodes: list[Node],
    names: dict[ValueName, ValueName],
    kept: ValueName,
    like: ValueName,
) -> Graph:
    """Drop nodes and rename values; ``kept`` gets the type of ``like``."""
    rest = tuple(node for node in graph.nodes if node not in nodes)
    types = {**graph.types, kept: graph.types[like], like: graph.types[like]}
    renamed = replace(graph, nodes=rest, types=types).renamed(names)
    return renamed.with_nodes(renamed.nodes)
