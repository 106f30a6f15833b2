"""Folds a transpose before a flattened fully connected layer into the order of its weights."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Graph, Node
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.passes.folding.weighted_layers import as_layer
from edgec.passes.layout.permutations import inverse
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FoldFlatten:
    """PyTorch flattens [N,C,H,W]; with the columns of the weights reordered, so may [N,H,W,C]."""

    name: ClassVar[str] = "fold_flatten"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _fold)


def _fold(node: Node, around: Neighborhood) -> Replacement | None:
    layer = as_layer(node, around)
    flatten = around.producer(node.inputs[0])
    if layer is None or flatten is None or not isinstance(flatten.op, Reshape):
        return None
    move = around.producer(flatten.inputs[0])
    if not layer.op.is_dense or move is None:
        return None
    if not isinstance(move.op, Transpose) or move.op.perm[0] != 0:
        return None
    sample = around.type(move.outputs[0]).shape[1:]
    if layer.weights.shape[1] != np.prod(sample):
        return None
    back = inverse(move.op.perm)
    columns = np.arange(layer.weights.shape[1]).reshape(1, *sample).transpose(back).reshape(-1)
    draft = Draft(around, [flatten, node])
    x = draft.add(flatten.op, move.inputs, name=flatten.name)
    w = draft.constant(f"{node.inputs[1]}.hwc", np.ascontiguousarray(layer.weights[:, columns]))
    draft.add(node.op, [x, w, *node.inputs[2:]], name=node.name, output=node.outputs[0])
    return draft.replacement()
