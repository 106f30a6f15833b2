"""Computes at build time what depends on constants only."""

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Graph, Node
from edgec.passes.rewrite import Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FoldConstants:
    """Replaces nodes whose inputs are all constants by their results; the model's outputs stay."""

    name: ClassVar[str] = "fold_constants"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _evaluate)


def _evaluate(node: Node, around: Neighborhood) -> Replacement | None:
    arrays = [around.constant(value) for value in node.inputs]
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays) or any(map(around.is_output, node.outputs)):
        return None
    results = node.op.evaluate(known, around.signature(node))
    return Replacement(
        types={value: around.type(value) for value in node.outputs},
        constants=dict(zip(node.outputs, results, strict=True)),
    )
