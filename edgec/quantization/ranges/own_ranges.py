"""Marks the edges into concatenations and the like on which a value is requantized.

One scale for all that an operator joins is free where nobody else reads an operand: in the result
it has that scale anyway. Others who read it, or who share the result, would pay for it where the
ranges differ: there the value keeps its scale, and a mark stands on the edge (:class:`OwnRange`).
Decided once, by the samples' extremes, so that all that follows sees the same groups.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from edgec.ir import Graph, Node, QParams, TensorType, ValueName
from edgec.ops.conversion.own_range import OwnRange
from edgec.ops.elementwise.extremum import Extremum
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.operator import Operator, is_float
from edgec.quantization.ranges.calibrate import extremes
from edgec.quantization.ranges.observers import Range
from edgec.quantization.ranges.parameters import HIGHEST, LOWEST
from edgec.quantization.ranges.shared_ranges import Ties, joins, spoils
from edgec.quantization.samples.batch_evaluator import Values

_FAINT = 1 / 32  # chosen by hand: an operand that small has 3 of 8 bits left, or less


def with_own_ranges(graph: Graph, inputs: Values) -> Graph:
    """Return a float graph with marks on the edges where sharing a scale costs precision.

    ``inputs`` are calibration samples.
    """
    if not any(joins(graph, node) or _states(node) for node in graph.nodes):
        return graph
    with np.errstate(all="ignore"):
        seen = extremes(graph, inputs)
    return marked(graph, {v: each for v, each in seen.items() if is_float(graph.types[v])})


def crowded(graph: Graph, ranges: Mapping[ValueName, Range]) -> set[ValueName]:
    """Return the values that share a scale with a concatenation of which an operand is faint.

    Every step counts there: int16 has no room to give away.
    """
    ties = Ties(graph)
    roots = set()
    for node in graph.nodes:
        if isinstance(node.op, Concatenation):
            operands = [ranges[value] for value in node.inputs if value in ranges]
            whole = reduce(Range.union, operands, Range(0.0, 0.0)).magnitude
            if any(0 < each.magnitude < whole * _FAINT for each in operands):
                roots.add(ties.root(node.outputs[0]))
    return {value for value in ranges if ties.root(value) in roots}


def marked(graph: Graph, ranges: Mapping[ValueName, Range]) -> Graph:
    """Return what :func:`with_own_ranges` returns, for the extremes of every value."""
    edges = _Edges(graph, ranges)
    found = {node.name: indices for node in graph.nodes if (indices := edges.apart(node))}
    if not found:
        return graph
    nodes: list[Node] = []
    types: dict[ValueName, TensorType] = {}
    taken = {node.name for node in graph.nodes}
    for node in graph.nodes:
        inputs, done = list(node.inputs), dict[ValueName, ValueName]()
        for index in found.get(node.name, ()):
            value = inputs[index]
            if value in done:
                inputs[index] = done[value]
                continue
            new = _unused(f"{value}.requantized", {*graph.types, *types})
            inputs[index] = done[value] = ValueName(new)
            types[inputs[index]] = graph.types[value]
            name = _unused(f"{node.name}/requantize_{index}", taken)
            taken.add(name)
            nodes.append(Node(name, OwnRange(), (value,), (inputs[index],), (name,)))
        nodes.append(replace(node, inputs=tuple(inputs)))
    return graph.with_nodes(nodes, types=types)


@dataclass(eq=False)
class _Edges:
    graph: Graph
    ranges: Mapping[ValueName, Range]
    _ties: Ties = field(init=False)  # of moves and states, without what is judged here
    _seen: Mapping[ValueName, Range] = field(init=False)  # by root
    _readers: Mapping[ValueName, Collection[str]] = field(init=False)  # by root

    def __post_init__(self) -> None:
        self._ties = Ties(self.graph, joining=False)
        self._seen = self._ties.ranges(self.ranges)
        self._readers = self._ties.readers()

    def apart(self, node: Node) -> list[int]:
        """Return the inputs of a node that must not share the scale of its result."""
        if joins(self.graph, node):
            return [i for i, v in enumerate(node.inputs) if self._may_be_apart(node, v)]
        return [i for i, output in _states(node) if self._is_spoiled_state(node, i, output)]

    def _may_be_apart(self, node: Node, value: ValueName) -> bool:
        result = self._ties.root(node.outputs[0])
        if not self._is_activation(value) or self._ties.root(value) == result:
            return False
        if self._ties.fixed(value) is not None:
            return self._is_beyond_fixed(node, value)
        own, wanted = self._seen[self._ties.root(value)], self._seen[result]
        joined, needed = own.union(wanted), self._is_needed(value, node)
        if isinstance(node.op, Extremum) and not needed:
            return False  # what is beyond the result's range may be cut off
        if needed and spoils(joined, own):
            return True
        return spoils(joined, wanted) and self._has_finer(node, value, wanted)

    def _has_finer(self, node: Node, value: ValueName, wanted: Range) -> bool:
        """Tell whether a wide operand has another beside it whose steps suit the result."""
        operands = [v for v in node.inputs if is_float(self.graph.types[v])]
        roots = {self._ties.root(v) for v in operands if self._is_activation(v)}
        return any(v in self.graph.constants for v in operands) or any(
            not spoils(self._seen[root].union(wanted), wanted)
            for root in roots - {self._ties.root(value)}
        )

    def _is_beyond_fixed(self, node: Node, value: ValueName) -> bool:
        """Tell whether the result would be cut off by the scale that TFLite prescribes for all.

        Where the operands' scales differ, they are requantized anyway.
        """
        prescribed = {self._ties.fixed(v) for v in node.inputs if self._is_activation(v)}
        wanted, q = self._seen[self._ties.root(node.outputs[0])], self._ties.fixed(value)
        return len(prescribed) == 1 and q is not None and spoils(wanted, wanted.within(_range(q)))

    def _is_spoiled_state(self, node: Node, index: int, output: int) -> bool:
        """Tell whether an input of the model that a layer begins with has other readers too."""
        value, result = node.inputs[index], self._ties.root(node.outputs[output])
        root = self._ties.root(value)
        if not self._is_activation(value) or root == result or not self._is_needed(value, node):
            return False
        return spoils(self._seen[root].union(self._seen[result]), self._seen[root])

    def _is_needed(self, value: ValueName, node: Node) -> bool:
        """Tell whether others need the precision of a value too."""
        return self._readers[self._ties.root(value)] != {node.name}

    def _is_activation(self, value: ValueName) -> bool:
        return value not in self.graph.constants and is_float(self.graph.types[value])


def _states(node: Node) -> list[tuple[int, int]]:
    """Return the inputs that are first states of a layer, each with an output it shares with."""
    tied_states = node.op.tied_states if isinstance(node.op, Operator) else ()
    return [(index, tied.outputs[0]) for tied in tied_states for index in tied.inputs]


def _range(q: QParams) -> Range:
    return Range(q.scale * (LOWEST - q.zero_point), q.scale * (HIGHEST - q.zero_point))


def _unused(name: str, taken: Collection[str]) -> str:
    number, candidate = 2, name
    while candidate in taken:
        candidate, number = f"{name}.{number}", number + 1
    return candidate
