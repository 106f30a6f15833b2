"""Addition of two tensors with broadcasting and an optional fused activation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.base import Activation, Operator
from edgec.ops.broadcasting import (
    broadcast_type,
    centered,
    fused_activation,
    import_elementwise,
)
from edgec.ops.fixed_point import Int64, quantize_multiplier, requantize, saturate, wrap_int32
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer

LEFT_SHIFT = 20
"""Both operands are raised by 2**20 before they are brought to a common scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Operator):
    """a + b, shapes broadcast; int8 with three multipliers as TFLite does it."""

    name: ClassVar[str] = "add"
    pointwise: ClassVar[bool] = True
    activation: Activation = Activation.NONE

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (broadcast_type(inputs),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        if signature.output.qparams is None:
            return (self.activation.apply(np.asarray(inputs[0] + inputs[1])),)
        a, b = on_common_scale(inputs, signature)
        return (saturated_sum(a + b, signature, self.activation),)


def on_common_scale(inputs: Sequence[Array], signature: Signature) -> tuple[Int64, Int64]:
    """Return both operands as int32 steps of 2 * larger scale / 2**20."""
    factors = sum_factors(signature)[:2]
    a, b = (
        requantize(x << LEFT_SHIFT, *quantize_multiplier(factor))
        for x, factor in zip(centered(inputs, signature), factors, strict=True)
    )
    return a, b


def saturated_sum(total: Int64, signature: Signature, activation: Activation) -> Array:
    """Return a sum or difference on the common scale as integers of the output."""
    output = signature.output
    multiplier, shift = quantize_multiplier(sum_factors(signature)[2])
    y = requantize(wrap_int32(total), multiplier, shift) + output.quantization.zero_point
    return saturate(y, *activation.quantized_bounds(output), output.dtype.numpy)


def sum_factors(signature: Signature) -> tuple[float, float, float]:
    """Return the factors of both inputs and of the output, in double."""
    a, b = (kind.quantization.scale for kind in signature.inputs)
    common = 2 * max(a, b)
    return a / common, b / common, common / (2**LEFT_SHIFT * signature.output.quantization.scale)


@importer(Format.ONNX, "Add")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_elementwise(node, g, Add())


@importer(Format.TFLITE, "ADD")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("pot_scale_int16")
    return import_elementwise(node, g, Add(activation=fused_activation(node)))


@exporter(Add)
def _to_tflite(op: Add, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    activation = op.activation.value
    out.emit("ADD", node.inputs, node.outputs, "AddOptions", FusedActivationFunction=activation)
