"""Rewriting as it is meant, without a worklist: the oracle of ``edgec.passes.rewrite``.

After each match the graph is built anew, and the search for the next one begins at the first node.
"""

import sys
from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from edgec.ir import Array, Graph, Node, Signature, TensorType, ValueName
from edgec.passes.rewrite import Replacement, Rule, rewrite, unused, without_dead_nodes

_LIMIT = 20_000


class SlowNeighborhood:
    """What ``Neighborhood`` answers, read off an immutable graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._producers = graph.producers()
        self._consumers = graph.consumers()

    def type(self, value: ValueName) -> TensorType:
        return self.graph.types[value]

    def signature(self, node: Node) -> Signature:
        return self.graph.signature(node)

    def constant(self, value: ValueName) -> Array | None:
        return self.graph.constants.get(value)

    def is_output(self, value: ValueName) -> bool:
        return value in self.graph.outputs

    def is_at_the_door(self, value: ValueName) -> bool:
        return value in (*self.graph.inputs, *self.graph.outputs)

    def producer(self, value: ValueName) -> Node | None:
        return self._producers.get(value)

    def only_reader_of(self, node: Node, value: ValueName) -> bool:
        return self._consumers.get(value) == [node] and value not in self.graph.outputs

    def reads_only(self, value: ValueName, nodes: Sequence[Node]) -> bool:
        return all(each in nodes for each in self.readers(value)) and not self.is_output(value)

    def readers(self, value: ValueName) -> list[Node]:
        return self._consumers.get(value, [])

    def latest(self, values: Collection[ValueName]) -> Node | None:
        last = [node for node in self.graph.nodes if not set(values).isdisjoint(node.outputs)]
        return last[-1] if last else None

    def private_producer(self, node: Node, index: int = 0) -> Node | None:
        value = node.inputs[index]
        return self.producer(value) if self.only_reader_of(node, value) else None

    def gone_with(self, nodes: Sequence[Node]) -> set[str]:
        gone = {nodes[-1].name}
        for node in reversed(nodes[:-1]):
            readers = [each for value in node.outputs for each in self._consumers.get(value, ())]
            kept = any(value in self.graph.outputs for value in node.outputs)
            if not kept and all(each.name in gone for each in readers):
                gone.add(node.name)
        return gone

    def unused_value(self, name: str, taken: Container[str] = ()) -> ValueName:
        return ValueName(unused(name, self.graph.types, taken))

    def unused_node(
        self, name: str, *, gone: Collection[str] = (), taken: Container[str] = ()
    ) -> str:
        return unused(name, {node.name for node in self.graph.nodes} - set(gone), taken)


def slow_rewrite(graph: Graph, *rules: Rule) -> Graph:
    for _ in range(_LIMIT):
        changed = _first_match(graph, rules)
        if changed is None:
            return graph
        graph = changed
    raise AssertionError


def _first_match(graph: Graph, rules: Sequence[Rule]) -> Graph | None:
    around: Any = SlowNeighborhood(graph)
    for index, node in enumerate(graph.nodes):
        for rule in rules:
            replacement = rule(node, around)
            result = _apply(graph, index, replacement) if replacement else None
            if result is not None:
                return without_dead_nodes(result)
    return None


def _apply(graph: Graph, index: int, change: Replacement) -> Graph | None:
    nodes = [*graph.nodes[:index], *change.nodes, *graph.nodes[index + 1 :]]
    result = graph.with_nodes(nodes, types=change.types, constants=change.constants)
    constants = graph.constants.keys() | change.constants.keys()
    return _unified(result, change.same_as, constants) if change.same_as else result


def _unified(
    graph: Graph, same_as: Mapping[ValueName, ValueName], constants: Collection[ValueName]
) -> Graph | None:
    names: dict[ValueName, ValueName] = {}
    for value, other in same_as.items():
        if value not in graph.outputs:
            names[value] = other
        elif other in (*graph.inputs, *graph.outputs) or other in constants:
            return None
        else:
            names[other] = value
    renamed = graph.renamed(names)
    return renamed.with_nodes(renamed.nodes)


def assert_same_graph(actual: Graph, expected: Graph) -> None:
    """Compare all there is, the order of types and constants too."""
    assert str(actual) == str(expected)
    assert actual.nodes == expected.nodes
    assert list(actual.types.items()) == list(expected.types.items())
    assert list(actual.constants) == list(expected.constants)
    for value, array in expected.constants.items():
        np.testing.assert_array_equal(actual.constants[value], array)
    doors = [(each.inputs, each.outputs, each.layouts, each.states) for each in (actual, expected)]
    assert doors[0] == doors[1]


def compared_rewrite(graph: Graph, *rules: Rule) -> Graph:
    """Rewrite in both ways; fail where the results differ."""
    expected, actual = slow_rewrite(graph, *rules), rewrite(graph, *rules)
    assert (actual is graph) == (expected is graph)
    assert_same_graph(actual, expected)
    return actual


def let_passes_use(other: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let all modules that import ``rewrite`` call another function; return how many these are."""
    modules = [each for name, each in sys.modules.items() if name.startswith("edgec.")]
    users = [each for each in modules if vars(each).get("rewrite") is rewrite]
    for each in users:
        monkeypatch.setattr(each, "rewrite", other)
    return len(users)
