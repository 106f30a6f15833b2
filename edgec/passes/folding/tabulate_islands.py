"""Makes tables of what an int8 model computes in floats: DEQUANTIZE, a function, QUANTIZE.

TensorFlow 2.21 writes so what its quantizer has no int8 for (NEG, SQUARE, SIN, FLOOR, ...): in
every layer normalization, for one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Graph, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.dequantize import Dequantize, dequantized
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.functions.lookup import Lookup
from edgec.ops.operator import Operator, is_float

_STEPS = np.arange(-128, 128).astype(np.int8)
_MOST = 64  # operators of an island; longer chains are no single function


@dataclass(frozen=True, slots=True)
class TabulateIslands:
    """A Quantize of int8 whose floats all come of one int8 value, element by element, is a Lookup.

    The table holds what the operators make of each of the 256 integers: the same bytes.
    """

    name: ClassVar[str] = "tabulate_islands"

    def run(self, graph: Graph) -> Graph:
        producers = graph.producers()
        for node in graph.nodes:
            if not _ends_island(node, graph):
                continue
            island = _island(node, graph, producers)
            if island is not None:
                graph = _with_table(graph, node, island)
        return graph


@dataclass(frozen=True, slots=True)
class _Island:
    source: ValueName  # int8
    table: Array


def _ends_island(node: Node, graph: Graph) -> bool:
    made = graph.types[node.outputs[0]]
    return (
        isinstance(node.op, Quantize)
        and is_float(graph.types[node.inputs[0]])
        and made.dtype is DType.INT8
        and made.quantization.axis is None
    )


def _island(end: Node, graph: Graph, producers: Mapping[ValueName, Node]) -> _Island | None:
    """Return the int8 value that all of it is a function of, and the function's values."""
    inside: dict[str, Node] = {}
    sources = set[ValueName]()
    waiting = [end]
    while waiting and len(inside) < _MOST:
        node = waiting.pop()
        inside[node.name] = node
        if isinstance(node.op, Dequantize):
            sources.update(node.inputs)
            continue
        pointwise = isinstance(node.op, Operator) and node.op.pointwise
        if node is not end and not (pointwise and len(node.outputs) == 1):
            return None
        for value in node.inputs:
            if value in graph.constants:
                if graph.constants[value].size != 1:
                    return None
                continue
            if value not in producers:
                return None
            waiting.append(producers[value])
    if waiting or len(sources) != 1:
        return None
    (source,) = sources
    kind = graph.types[source]
    of_elements = all(graph.types[each.outputs[0]].shape == kind.shape for each in inside.values())
    if kind.dtype is not DType.INT8 or kind.quantization.axis is not None or not of_elements:
        return None
    ordered = [node for node in graph.nodes if inside.get(node.name) is node]
    return _Island(source, _table(ordered, source, graph))


def _table(nodes: list[Node], source: ValueName, graph: Graph) -> Array:
    """Return [256]: what the last of some nodes makes of each int8 value of ``source``."""
    values: dict[ValueName, Array] = {source: _STEPS}
    for node in nodes:
        operands = [
            graph.constants[value].reshape(()) if value in graph.constants else values[value]
            for value in node.inputs
        ]
        kinds = [
            replace(graph.types[value], shape=array.shape)
            for value, array in zip(node.inputs, operands, strict=True)
        ]
        made: TensorType = replace(graph.types[node.outputs[0]], shape=_STEPS.shape)
        with np.errstate(all="ignore"):
            if isinstance(node.op, Dequantize):
                values[node.outputs[0]] = dequantized(operands[0], kinds[0])
            else:
                signature = Signature(tuple(kinds), (made,))
                (values[node.outputs[0]],) = node.op.evaluate(operands, signature)
    return values[nodes[-1].outputs[0]]


def _with_table(graph: Graph, end: Node, island: _Island) -> Graph:
    """Return the graph with a Lookup in place of the Quantize that ends an island."""
    name = ValueName(f"{end.outputs[0]}/table")
    kind = TensorType(_STEPS.shape, DType.INT8, graph.types[end.outputs[0]].qparams)
    lookup = replace(end, op=Lookup(), inputs=(island.source, name))
    return replace(
        graph,
        nodes=tuple(lookup if each is end else each for each in graph.nodes),
        types={**graph.types, name: kind},
        constants={**graph.constants, name: island.table},
    )
