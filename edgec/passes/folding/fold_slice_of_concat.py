"""Takes a part of a concatenation from the operand that it is part of.

Parts that are put together and taken apart again then never share one scale.
"""

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Graph, Node, ValueName
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.slice import Slice
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FoldSliceOfConcat:
    """A slice that lies within one operand of a concatenation becomes a slice of that operand."""

    name: ClassVar[str] = "fold_slice_of_concat"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _from_operand)


def _from_operand(node: Node, around: Neighborhood) -> Replacement | None:
    before = around.producer(node.inputs[0])
    op = node.op
    if not isinstance(op, Slice) or before is None or not isinstance(before.op, Concatenation):
        return None
    axis = before.op.axis
    found = _operand(op, axis, before, around)
    if found is None:
        return None
    value, start = found
    inner = op.along(axis, op.starts[axis] - start, op.sizes[axis], op.steps[axis])
    if inner == Slice.whole(around.type(value).shape):
        return Replacement(same_as={node.outputs[0]: value})
    draft = Draft(around, [node])
    draft.add(inner, [value], name=node.name, output=node.outputs[0])
    return draft.replacement()


def _operand(
    op: Slice, axis: int, before: Node, around: Neighborhood
) -> tuple[ValueName, int] | None:
    """Return the operand that a slice lies in, and where this begins; None where there is none."""
    ends = op.starts[axis], op.starts[axis] + (op.sizes[axis] - 1) * op.steps[axis]
    start = 0
    for value in before.inputs:
        stop = start + around.type(value).shape[axis]
        if op.sizes[axis] and start <= min(ends) and max(ends) < stop:
            return value, start
        start = stop
    return None
