"""Rectifiers: the clamps that TFLite has an operator for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.base import INT8_AND_INT16, Activation, is_float
from edgec.ops.fixed_point import saturate
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.unary import Unary, import_unary, rescaled, scale_ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Relu(Unary):
    """x limited to the bounds of ``activation``; int8 is requantized, then limited."""

    name: ClassVar[str] = "relu"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    activation: Activation = Activation.RELU

    def computes(self, dtype: DType) -> bool:
        """As any; but TFLite has no int16 RELU_N1_TO_1."""
        known = dtype in self.integer_types
        return known and not (dtype is DType.INT16 and self.activation is Activation.RELU_N1_TO_1)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (self.activation.apply(x),)
        y = rescaled(x, scale_ratio(signature), signature)
        return (saturate(y, *self.activation.quantized_bounds(signature.output), x.dtype),)


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
    out.emit(op.activation.value, node.inputs, node.outputs)
