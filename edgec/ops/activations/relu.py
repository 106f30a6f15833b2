"""Rectifiers: the clamps that TFLite has an operator for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, QParams, Signature, ValueName
from edgec.ops.functions.unary import Unary, import_unary, rescaled, scale_ratio
from edgec.ops.numerics.fixed_point import saturate
from edgec.ops.operator import INT8_AND_INT16, Activation, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Relu(Unary):
    """x [...] -> [...]: x limited to the bounds of ``activation``: [0, inf), [0, 6] or [-1, 1].

    Integers are requantized by scale_x / scale_y, divided in float32, then limited.
    Source: ONNX Relu-14, Clip-13; TFLite 2.14 RELU, RELU6, RELU_N1_TO_1 (Nair, Hinton 2010).
    """

    name: ClassVar[str] = "relu"
    only_limits: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    activation: Activation = Activation.RELU

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (self.activation.apply(x),)
        y = rescaled(x, scale_ratio(signature), signature)
        return (saturate(y, *self.activation.quantized_bounds(signature.output), x.dtype),)

    def carries_factors(self, signature: Signature) -> bool:
        return True

    @property
    def never_negative(self) -> bool:
        return self.activation.bounds[0] >= 0


describe_tflite("RELU", "RELU6", says=TfliteOperator(int8=2, int16=3))


@importer(Format.ONNX, "Relu")
@importer(Format.TFLITE, "RELU")
def _relu(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Relu())


@importer(Format.TFLITE, "RELU6")
def _relu6(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Relu(activation=Activation.RELU6))


@importer(Format.TFLITE, "RELU_N1_TO_1")
def _relu_n1_to_1(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Relu(activation=Activation.RELU_N1_TO_1))


@exporter(Relu)
def _to_tflite(op: Relu, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write the rectifier. The interpreter has no int16 RELU_N1_TO_1, but MUL that ends in it."""
    activation = op.activation
    if activation is not Activation.RELU_N1_TO_1 or signature.output.dtype is not DType.INT16:
        out.emit(activation.value, node.inputs, node.outputs)
        return
    one = out.constant(f"{node.name}/one", np.ones(1, np.int16), QParams.per_tensor(1.0))
    fields = {"FusedActivationFunction": activation.value}
    out.emit("MUL", [node.inputs[0], one], node.outputs, "MulOptions", **fields)
