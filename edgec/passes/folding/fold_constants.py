"""Computes at build time what depends on constants only."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from edgec.errors import EdgecError, Place
from edgec.ir import Graph, Node, Room, TooLargeError
from edgec.passes.rewrite import Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FoldConstants:
    """Replaces nodes whose inputs are all constants by their results; the model's outputs stay.

    Raises ``model-too-large`` before it makes more than a model of this size can have use for.
    """

    name: ClassVar[str] = "fold_constants"

    def run(self, graph: Graph) -> Graph:
        room = Room.of_file(sum(array.nbytes for array in graph.constants.values()))
        return rewrite(graph, partial(_evaluate, room))


def _evaluate(room: Room, node: Node, around: Neighborhood) -> Replacement | None:
    arrays = [around.constant(value) for value in node.inputs]
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays) or any(map(around.is_output, node.outputs)):
        return None
    try:
        room.take(sum(around.type(value).bytes for value in node.outputs))
    except TooLargeError as error:
        raise EdgecError(
            "model-too-large",
            f"{node.op.name}: {error}",
            place=Place(inside=f"node {node.name!r}"),
            help="check the shapes: edgec compiles models for microcontrollers",
        ) from error
    results = node.op.evaluate(known, around.signature(node))
    return Replacement(
        types={value: around.type(value) for value in node.outputs},
        constants=dict(zip(node.outputs, results, strict=True)),
    )
