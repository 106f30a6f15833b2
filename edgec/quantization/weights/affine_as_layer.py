"""x * a + b per channel as a depthwise 1x1 convolution, which rounds once instead of twice.

Each channel has one weight: with a scale per channel it is exact.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.windows import Window
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class AffineAsLayer:
    """Replaces a float multiplication and the addition that alone reads it; rows become pixels."""

    name: ClassVar[str] = "affine_as_layer"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _replace)


def _replace(node: Node, around: Neighborhood) -> Replacement | None:
    if not isinstance(node.op, Add):
        return None
    for index in (0, 1):
        before = around.private_producer(node, index)
        offset = _per_channel(node, 1 - index, around)
        if before is None or offset is None or not _is_plain_product(before):
            continue
        for place in (0, 1):
            gain = _per_channel(before, 1 - place, around)
            x = before.inputs[place]
            if gain is not None and around.type(x).shape == around.type(node.outputs[0]).shape:
                return _layer(node, before, x, (gain, offset), around)
    return None


def _is_plain_product(node: Node) -> bool:
    return isinstance(node.op, Mul) and node.op.activation is Activation.NONE


def _per_channel(node: Node, index: int, around: Neighborhood) -> Array | None:
    """Return a constant operand with one number per channel, None where it is no such."""
    array, shape = around.constant(node.inputs[index]), around.type(node.outputs[0]).shape
    if array is None or not shape or array.dtype != np.float32:
        return None
    fits = array.size == shape[-1] == array.shape[-1] if array.ndim else shape[-1] == 1
    return array.reshape(-1) if fits else None


def _layer(
    node: Node, before: Node, x: ValueName, affine: tuple[Array, Array], around: Neighborhood
) -> Replacement:
    gain, offset = affine
    assert isinstance(node.op, Add)  # noqa: S101 - the caller has looked
    result, channels = node.outputs[0], len(gain)
    rows = around.type(x).elements // channels
    draft = Draft(around, [before, node])
    pixels = draft.add(Reshape(shape=(1, 1, rows, channels)), [x], name=f"{node.name}/pixels")
    w = draft.constant(f"{before.name}.gain", gain.reshape(1, 1, 1, channels))
    b = draft.constant(f"{node.name}.offset", offset)
    op = DepthwiseConv2D(window=Window((1, 1)), activation=node.op.activation)
    y = draft.add(op, [pixels, w, b], name=node.name)
    shape = Reshape(shape=around.type(result).shape)
    draft.add(shape, [y], name=f"{node.name}/rows", output=result)
    return draft.replacement()
