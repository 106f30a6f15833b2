"""Splits a reduction that drops axes: one that keeps them, and a reshape, which moves no data."""

from dataclasses import dataclass, replace
from typing import ClassVar

from edgec.ir import Graph, Node
from edgec.ops.movement.reshape import Reshape
from edgec.ops.reductions.reduction import Reduction
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class KeepReducedAxes:
    """A reduction that keeps axes can follow a permutation of them (see ``move_transposes``)."""

    name: ClassVar[str] = "keep_reduced_axes"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _split)


def _split(node: Node, around: Neighborhood) -> Replacement | None:
    if not isinstance(node.op, Reduction) or node.op.keep_dims:
        return None
    draft = Draft(around, [node])
    kept = draft.add(replace(node.op, keep_dims=True), node.inputs, name=node.name)
    shape = Reshape(shape=around.type(node.outputs[0]).shape)
    draft.add(shape, [kept], name=f"{node.name}/reshape", output=node.outputs[0])
    return draft.replacement()
