"""Fuses rectifiers into the operator before them."""

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Graph, Node
from edgec.ops.activations.relu import Relu
from edgec.ops.operator import Activation, Operator
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FuseActivation:
    """An operator with an ``activation`` takes over the Relu that alone reads its result.

    A clamp of maxima is the maximum of clamped values: across a max pool the Relu goes into the
    layer before the pool, whose range then holds no negative numbers that the clamp would drop.
    """

    name: ClassVar[str] = "fuse_activation"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _fuse_before_pool, _fuse)


def _fuse(node: Node, around: Neighborhood) -> Replacement | None:
    before = around.private_producer(node)
    if not isinstance(node.op, Relu) or before is None:
        return None
    op = _clamped(before, node.op.activation)
    if op is None:
        return None
    draft = Draft(around, [before, node])
    draft.add(op, before.inputs, name=before.name, output=node.outputs[0])
    return draft.replacement()


def _fuse_before_pool(node: Node, around: Neighborhood) -> Replacement | None:
    pool = around.private_producer(node)
    if not isinstance(node.op, Relu) or pool is None or not isinstance(pool.op, MaxPool2D):
        return None
    before = around.private_producer(pool)
    op = _clamped(before, node.op.activation) if before else None
    if before is None or op is None or pool.op.activation is not Activation.NONE:
        return None
    draft = Draft(around, [before, pool, node])
    clamped = draft.add(op, before.inputs, name=before.name)
    draft.add(pool.op, [clamped], name=pool.name, output=node.outputs[0])
    return draft.replacement()


def _clamped(node: Node, activation: Activation) -> Operator | None:
    return node.op.clamped(activation) if isinstance(node.op, Operator) else None
