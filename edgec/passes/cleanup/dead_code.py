"""Drops what no output needs."""

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Graph
from edgec.passes.rewrite import without_dead_nodes


@dataclass(frozen=True, slots=True)
class DeadCode:
    """Removes nodes none of whose outputs is needed, and constants nobody reads. Inputs stay."""

    name: ClassVar[str] = "dead_code"

    def run(self, graph: Graph) -> Graph:
        return without_dead_nodes(graph)
