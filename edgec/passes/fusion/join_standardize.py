"""Reads a subtraction and a multiplication of float features back as the operator they were."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Graph, Node, ValueName
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.standardize import Standardize
from edgec.ops.elementwise.sub import Sub
from edgec.ops.operator import Activation, is_float
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class JoinStandardize:
    """(x - c) * d per feature, all in floats, becomes Standardize, for which there is a kernel.

    A file that edgec wrote can be built again so.
    """

    name: ClassVar[str] = "join_standardize"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _join)


def _join(node: Node, around: Neighborhood) -> Replacement | None:
    before = around.private_producer(node) if isinstance(node.op, Mul) else None
    if before is None or not isinstance(before.op, Sub):
        return None
    offset, gain = before.inputs[1], node.inputs[1]
    plain = before.op.activation is node.op.activation is Activation.NONE  # type: ignore[attr-defined]
    if not plain or not all(_is_per_feature(each, node, around) for each in (offset, gain)):
        return None
    draft = Draft(around, [before, node])
    inputs = [before.inputs[0], offset, gain]
    draft.add(Standardize(), inputs, name=node.name, output=node.outputs[0])
    return draft.replacement()


def _is_per_feature(value: ValueName, node: Node, around: Neighborhood) -> bool:
    array, kind = around.constant(value), around.type(node.outputs[0])
    per_feature = array is not None and array.dtype == np.float32 and array.ndim == 1
    return per_feature and is_float(kind) and around.type(value).shape == kind.shape[-1:]
