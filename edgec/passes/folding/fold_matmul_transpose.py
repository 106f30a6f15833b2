"""Lets products of activations read their operands as they lie in memory."""

from dataclasses import dataclass, replace
from typing import ClassVar

from edgec.ir import Graph, Node, ValueName
from edgec.ops.layers.batch_matmul import BatchMatMul
from edgec.ops.movement.transpose import Transpose
from edgec.passes.layout.permutations import identity
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FoldMatmulTranspose:
    """A transpose that turns the matrices of an operand becomes the product's ``adj_x``, ``adj_y``.

    Where it permutes other axes as well, these stay permuted, and rows are copied whole.
    """

    name: ClassVar[str] = "fold_matmul_transpose"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _fold)


def _fold(node: Node, around: Neighborhood) -> Replacement | None:
    if not isinstance(node.op, BatchMatMul):
        return None
    for index, flag in enumerate(("adj_x", "adj_y")):
        before = around.producer(node.inputs[index])
        if before is None or not isinstance(before.op, Transpose):
            continue
        rest = (*before.op.perm[:-2], before.op.perm[-1], before.op.perm[-2])
        moved = rest != identity(len(rest))
        if rest[-1] != len(rest) - 1 or (moved and around.private_producer(node, index) is None):
            continue
        draft = Draft(around, [before, node] if moved else [node])
        operand = before.inputs[0]
        if moved:
            operand = draft.add(Transpose(perm=rest), [operand], name=before.name)
        inputs: list[ValueName] = list(node.inputs)
        inputs[index] = operand
        op = replace(node.op, **{flag: not getattr(node.op, flag)})
        draft.add(op, inputs, name=node.name, output=node.outputs[0])
        return draft.replacement()
    return None
