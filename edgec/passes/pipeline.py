"""What a pass is, and how passes run: verified after every change, watched by observers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edgec.ir import Graph, InvalidGraphError, verify


class Pass(Protocol):
    """A pure function from graph to graph. Options are fields of a frozen dataclass."""

    @property
    def name(self) -> str:
        """What users call it (``edgec dump --after NAME``): the name of its file."""
        ...

    def run(self, graph: Graph) -> Graph:
        """Return the changed graph; the same object where nothing changed."""
        ...


Observer = Callable[[Pass, Graph, Graph], None]
"""Called after each pass with the pass and the graph before and after it."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Runs passes in order. A graph that a pass breaks is a bug: :class:`InvalidGraphError`."""

    passes: Sequence[Pass]
    observers: Sequence[Observer] = ()

    def run(self, graph: Graph) -> Graph:
        verify(graph)
        for each in self.passes:
            before, graph = graph, run_verified(each, graph)
            for observe in self.observers:
                observe(each, before, graph)
        return graph


@dataclass(frozen=True, slots=True)
class Fixpoint:
    """Runs passes again and again until none changes the graph; itself a pass."""

    passes: Sequence[Pass]
    name: str = "fixpoint"
    limit: int = 50

    def run(self, graph: Graph) -> Graph:
        for _ in range(self.limit):
            before = graph
            for each in self.passes:
                graph = run_verified(each, graph)
            if graph is before:
                return graph
        names = ", ".join(each.name for each in self.passes)
        message = f"passes {names} still change the graph after {self.limit} rounds"
        raise AssertionError(message)


def run_verified(each: Pass, graph: Graph) -> Graph:
    """Run one pass and check what it made of the graph."""
    try:
        result = each.run(graph)
        if result is not graph:
            verify(result)
    except (InvalidGraphError, AssertionError, ValueError) as error:
        error.add_note(f"while running pass {each.name!r} on graph {graph.name!r}")
        raise
    return result
