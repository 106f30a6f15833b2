"""What passes that fold into layers with weights have in common."""

from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, Node, Op, ValueName
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.operator import Activation
from edgec.passes.rewrite import Draft, Neighborhood


@dataclass(frozen=True, slots=True)
class Layer:
    """A node with constant weights: a convolution or fully connected layer.

    ``bias`` holds zeros where the node has none.
    """

    node: Node
    op: WeightedLayer
    weights: Array
    bias: Array

    @property
    def channels(self) -> int:
        return len(self.bias)

    def scaled(self, gain: Array) -> Array:
        """Return the weights with each output channel multiplied by its gain, in float32."""
        spread = self.op.along_outputs(gain, self.weights.ndim)
        with np.errstate(all="ignore"):  # a broken file may hold infinities
            return np.asarray(self.weights * spread, np.float32)

    def is_linear(self) -> bool:
        """Tell whether nothing is fused behind the layer yet."""
        return self.op.clamp is Activation.NONE

    def put(
        self, draft: Draft, x: ValueName, weights: Array, bias: Array, output: ValueName, op: Op
    ) -> None:
        """Add this layer with other weights to a draft, making ``output``."""
        w = draft.constant(f"{self.node.inputs[1]}.folded", weights)
        b = draft.constant(f"{self.node.name}.bias", np.asarray(bias, np.float32))
        draft.add(op, [x, w, b], name=self.node.name, output=output)


def as_layer(node: Node | None, around: Neighborhood) -> Layer | None:
    """Return a node as a layer; None where it is none, or its weights are not constant floats."""
    if node is None or not isinstance(node.op, WeightedLayer):
        return None
    arrays = [around.constant(value) for value in node.inputs[1:]]
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays) or any(array.dtype != np.float32 for array in known):
        return None
    channels = known[0].shape[node.op.output_axis]
    bias = known[1] if len(known) > 1 else np.zeros(channels, np.float32)
    return Layer(node, node.op, known[0], bias)
