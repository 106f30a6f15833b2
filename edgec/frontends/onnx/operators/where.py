"""ONNX Where with a constant condition that is all true or all false: one operand, broadcast."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.movement.tile import broadcast
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "Where")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    condition = node.constant(g, 0)
    if condition.any() != condition.all():
        raise node.reject(
            "a condition that differs from element to element",
            help="multiply by a mask of zeros and ones, and add what stands in for the rest",
        )
    chosen = node.input(1 if condition.all() else 2)
    shapes = [condition.shape, *(g.type(node.input(index)).shape for index in (1, 2))]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise node.reject(f"shapes {shapes} do not fit", code="malformed-model") from error
    return broadcast(node, g, chosen, shape)
