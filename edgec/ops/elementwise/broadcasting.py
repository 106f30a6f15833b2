"""Elementwise operators of two operands: result type and importers, the same for all of them."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import Array, GraphBuilder, Op, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.operator import Activation
from edgec.ops.registry import SourceNode


def broadcast_type(inputs: Sequence[TensorType]) -> TensorType:
    """Return the type of the result by NumPy's rule; ``ValueError`` where there is none."""
    a, b = inputs
    if a.dtype is not b.dtype:
        message = f"operands {a} and {b} differ in element type"
        raise ValueError(message)
    return TensorType(np.broadcast_shapes(a.shape, b.shape), a.dtype)


def centered(inputs: Sequence[Array], signature: Signature) -> tuple[Array, Array]:
    """Return both operands in int64 with their zero points taken off."""
    a, b = (
        x.astype(np.int64) - kind.quantization.zero_point
        for x, kind in zip(inputs, signature.inputs, strict=True)
    )
    return a, b


def fused_activation(node: SourceNode) -> Activation:
    """Read TFLite's fused activation, which the front end has checked."""
    return Activation(node.text("fused_activation_function", default="NONE"))


def import_elementwise(node: SourceNode, g: GraphBuilder, op: Op) -> Sequence[ValueName]:
    """Add ``op`` on both inputs of a node; two constants are folded."""
    return add_or_fold(node, g, op, [node.input(0), node.input(1)])
