"""Multiplication of two tensors with broadcasting and an optional fused activation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.broadcasting import (
    broadcast_type,
    centered,
    fused_activation,
    import_elementwise,
)
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numerics.fixed_point import quantize_multiplier, requantize, saturate
from edgec.ops.operator import INT8_AND_INT16, Activation, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Mul(Operator):
    """a [...], b [...] -> [...], broadcast: a * b, then the fused activation.

    Integers: one multiplier, of scale_a * scale_b / scale_y in float32.
    Source: ONNX Mul-14; TFLite 2.14 reference_integer_ops::Mul.
    """

    name: ClassVar[str] = "mul"
    pointwise: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    activation: Activation = Activation.NONE

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (broadcast_type(inputs),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        output = signature.output
        if output.qparams is None:
            return (self.activation.apply(np.asarray(inputs[0] * inputs[1])),)
        a, b = centered(inputs, signature)
        multiplier, shift = quantize_multiplier(product_factor(signature))
        y = requantize(a * b, multiplier, shift) + output.qparams.zero_point
        return (saturate(y, *self.activation.quantized_bounds(output), output.dtype.numpy),)


def product_factor(signature: Signature) -> float:
    """Return the factor product -> output, computed in float32 as TFLite does."""
    a, b = (np.float32(kind.quantization.scale) for kind in signature.inputs)
    return float(a * b / np.float32(signature.output.quantization.scale))


@importer(Format.ONNX, "Mul")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    found = _times_one(node, g)
    if found is not None:
        return add_or_fold(node, g, Reshape(shape=g.type(found).shape), [found])
    return import_elementwise(node, g, Mul())


def _times_one(node: SourceNode, g: GraphBuilder) -> ValueName | None:
    """Return what is multiplied by 1 where it is the floats of a classical model.

    onnxmltools ends LightGBM's classifiers so. Those floats stay floats: a product would not.
    """
    pair = node.input(0), node.input(1)
    for x, factor in (pair, pair[::-1]):
        known = g.constant_value(factor)
        if not _are_settled_floats(g, x):
            continue
        if known is not None and known.size == 1 == known.flat[0] and known.ndim <= g.type(x).rank:
            return x
    return None


def _are_settled_floats(g: GraphBuilder, value: ValueName) -> bool:
    """Tell whether an operator that takes floats as they are makes a value."""
    maker = g.producer(value)
    while maker is not None and isinstance(maker.op, Operator) and maker.op.is_view:
        maker = g.producer(maker.inputs[0])
    return maker is not None and isinstance(maker.op, Operator) and maker.op.takes_floats


describe_tflite("MUL", says=TfliteOperator(int8=2, int16=4, alike=True))


@importer(Format.TFLITE, "MUL")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_elementwise(node, g, Mul(activation=fused_activation(node)))


@exporter(Mul)
def _to_tflite(op: Mul, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    activation = op.activation.value
    out.emit("MUL", node.inputs, node.outputs, "MulOptions", FusedActivationFunction=activation)
