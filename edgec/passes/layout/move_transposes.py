"""The layout pass: moves transposes together until they cancel, so that a CNN keeps none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Graph, ValueName
from edgec.ops.movement.transpose import Transpose
from edgec.passes.layout.carry_transposes import Propagation
from edgec.passes.layout.permutations import Perm, identity


@dataclass(frozen=True, slots=True)
class MoveTransposes:
    """Carries transposes forward past all operators that can follow them.

    A permutation that reaches the model's input or output becomes part of ``Graph.layouts``: the
    caller hands over and receives NHWC. For each input the layout with the cheapest result is
    chosen: fewest elements moved, then fewest nodes, then the source's own.
    """

    name: ClassVar[str] = "move_transposes"

    def run(self, graph: Graph) -> Graph:
        perms = [node.op.perm for node in graph.nodes if isinstance(node.op, Transpose)]
        if not perms:
            return graph
        chosen: dict[ValueName, Perm] = {}
        for value in graph.inputs:
            chosen[value] = _best_for(graph, value, chosen, perms)
        cost, result = _try(graph, chosen)
        same = (result.nodes, result.layouts) == (graph.nodes, graph.layouts)
        return graph if same or cost > _cost(graph) else result


def _best_for(
    graph: Graph, value: ValueName, chosen: Mapping[ValueName, Perm], perms: list[Perm]
) -> Perm:
    rank = graph.types[value].rank
    candidates = dict.fromkeys([identity(rank), *(perm for perm in perms if len(perm) == rank)])
    if len(candidates) == 1:
        return identity(rank)
    return min(candidates, key=lambda perm: _try(graph, {**chosen, value: perm})[0])


def _try(graph: Graph, input_perms: Mapping[ValueName, Perm]) -> tuple[tuple[int, int], Graph]:
    walk = Propagation(graph, input_perms)
    result = walk.run()
    return walk.cost, result


def _cost(graph: Graph) -> tuple[int, int]:
    """Return the elements that transposes move and the number of nodes."""
    moved = (
        graph.types[node.outputs[0]].elements
        for node in graph.nodes
        if isinstance(node.op, Transpose)
    )
    return sum(moved), len(graph.nodes)
