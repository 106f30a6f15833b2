"""A fully connected layer as a 1x1 convolution, where every output may have a scale of its own.

Of fully connected layers CMSIS-NN 12.5.1 knows those with one weight scale only.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Graph, Node
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.layers.windows import Window
from edgec.ops.movement.reshape import Reshape
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class DenseAsConv:
    """Replaces the float dense layers of these names; rows become pixels."""

    name: ClassVar[str] = "dense_as_conv"
    layers: Collection[str]

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, self._replace)

    def _replace(self, node: Node, around: Neighborhood) -> Replacement | None:
        op = node.op
        if not isinstance(op, WeightedLayer) or not op.is_dense or node.name not in self.layers:
            return None
        weights = around.constant(op.weights_of(node))
        if weights is None:
            return None
        outputs, depth = weights.shape
        rows = around.type(node.inputs[0]).elements // depth
        draft = Draft(around, [node])
        x = draft.add(
            Reshape(shape=(1, 1, rows, depth)), node.inputs[:1], name=f"{node.name}/pixels"
        )
        kernel = np.ascontiguousarray(weights.reshape(outputs, 1, 1, depth))
        w = draft.constant(f"{node.inputs[1]}.ohwi", kernel)
        conv = Conv2D(window=Window((1, 1)), activation=op.clamp)
        y = draft.add(conv, [x, w, *node.inputs[2:]], name=node.name)
        result = node.outputs[0]
        shape = Reshape(shape=around.type(result).shape)
        draft.add(shape, [y], name=f"{node.name}/rows", output=result)
        return draft.replacement()
