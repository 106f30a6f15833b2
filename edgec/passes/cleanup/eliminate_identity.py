"""Removes nodes that do nothing, and merges chains that move nothing or move twice."""

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Graph, Node
from edgec.ops.conversion.alike import Alike
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.operator import Operator, is_float
from edgec.passes.layout.permutations import compose, moves_no_data
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class EliminateIdentity:
    """Nodes whose output is their input go; reshapes and transposes in a row become one."""

    name: ClassVar[str] = "eliminate_identity"

    def run(self, graph: Graph) -> Graph:
        return rewrite(
            graph, _no_op, _alike, _reshape_of_reshape, _transpose_of_transpose, _only_a_reshape
        )


def _no_op(node: Node, around: Neighborhood) -> Replacement | None:
    copies = isinstance(node.op, Operator) and node.op.is_copy(around.signature(node))
    if not copies or around.type(node.inputs[0]) != around.type(node.outputs[0]):
        return None
    return Replacement(same_as={node.outputs[0]: node.inputs[0]})


def _alike(node: Node, around: Neighborhood) -> Replacement | None:
    """Drop the mark of a value that is quantized: it has done its work."""
    kind = around.type(node.outputs[0])
    if not isinstance(node.op, Alike) or is_float(kind) or kind != around.type(node.inputs[0]):
        return None
    if all(map(around.is_at_the_door, (*node.inputs[:1], *node.outputs))):
        draft = Draft(around, [node])  # both names have to stay
        draft.add(
            Reshape(shape=kind.shape), node.inputs[:1], name=node.name, output=node.outputs[0]
        )
        return draft.replacement()
    return Replacement(same_as={node.outputs[0]: node.inputs[0]})


def _reshape_of_reshape(node: Node, around: Neighborhood) -> Replacement | None:
    before = around.producer(node.inputs[0])
    if not isinstance(node.op, Reshape) or before is None or not isinstance(before.op, Reshape):
        return None
    draft = Draft(around, [node])
    draft.add(node.op, before.inputs, name=node.name, output=node.outputs[0])
    return draft.replacement()


def _transpose_of_transpose(node: Node, around: Neighborhood) -> Replacement | None:
    before = around.producer(node.inputs[0])
    if not isinstance(node.op, Transpose) or before is None or not isinstance(before.op, Transpose):
        return None
    both = Transpose(perm=compose(before.op.perm, node.op.perm))
    draft = Draft(around, [node])
    draft.add(both, before.inputs, name=node.name, output=node.outputs[0])
    return draft.replacement()


def _only_a_reshape(node: Node, around: Neighborhood) -> Replacement | None:
    """Turn a transpose that moves axes of extent 1 only into a reshape."""
    shape = around.type(node.inputs[0]).shape
    if not isinstance(node.op, Transpose) or not moves_no_data(shape, node.op.perm):
        return None
    draft = Draft(around, [node])
    op = Reshape(shape=around.type(node.outputs[0]).shape)
    draft.add(op, node.inputs, name=node.name, output=node.outputs[0])
    return draft.replacement()
