"""What passes that fold into layers with weights have in common."""

from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, Node, Op, ValueName
from edgec.ops.operator import Activation, Operator
from edgec.passes.rewrite import Draft, Neighborhood


@dataclass(frozen=True, slots=True)
class Layer:
    """A node with constant weights: a convolution or fully connected layer.

    ``bias`` holds zeros where the node has none.
    """

    node: Node
    op: Operator
    weights: Array
    bias: Array

    @property
    def channels(self) -> int:
        return len(self.bias)

    def scaled(self, gain: Array) -> Array:
        """Return the weights with each output channel multiplied by its gain, in float32."""
        extent = [1] * self.weights.ndim
        extent[channel_axis(self.op)] = -1
        with np.errstate(all="ignore"):  # a broken file may hold infinities
            return np.asarray(self.weights * gain.reshape(extent), np.float32)

    def is_linear(self) -> bool:
        """Tell whether nothing is fused behind the layer yet."""
        return getattr(self.op, "activation", Activation.NONE) is Activation.NONE

    def put(
        self, draft: Draft, x: ValueName, weights: Array, bias: Array, output: ValueName, op: Op
    ) -> None:
        """Add this layer with other weights to a draft, making ``output``."""
        w = draft.constant(f"{self.node.inputs[1]}.folded", weights)
        b = draft.constant(f"{self.node.name}.bias", np.asarray(bias, np.float32))
        draft.add(op, [x, w, b], name=self.node.name, output=output)


def channel_axis(op: Operator) -> int:
    """Return the axis of the weights that counts output channels."""
    rule = op.weight_rule
    return rule.axis if rule is not None and rule.axis is not None else 0


def as_layer(node: Node | None, around: Neighborhood) -> Layer | None:
    """Return a node as a layer; None where it is none, or its weights are not constant floats."""
    if node is None or not isinstance(node.op, Operator) or node.op.weight_rule is None:
        return None
    arrays = [around.constant(value) for value in node.inputs[1:]]
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays) or any(array.dtype != np.float32 for array in known):
        return None
    channels = known[0].shape[channel_axis(node.op)]
    bias = known[1] if len(known) > 1 else np.zeros(channels, np.float32)
    return Layer(node, node.op, known[0], bias)
