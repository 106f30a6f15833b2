"""Subtraction of two tensors with broadcasting and an optional fused activation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.elementwise.add import check_general_scales, emit_sum, on_common_scale, saturated_sum
from edgec.ops.elementwise.broadcasting import broadcast_type, fused_activation, import_elementwise
from edgec.ops.operator import INT8_AND_INT16, Activation, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Sub(Operator):
    """a [...], b [...] -> [...], broadcast: a - b, then the fused activation.

    Integers as in :class:`~edgec.ops.elementwise.add.Add`.
    Source: ONNX Sub-14; TFLite 2.14 SUB, for int16 without pot_scale_int16.
    """

    name: ClassVar[str] = "sub"
    pointwise: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    activation: Activation = Activation.NONE

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (broadcast_type(inputs),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        if signature.output.qparams is None:
            return (self.activation.apply(np.asarray(inputs[0] - inputs[1])),)
        a, b = on_common_scale(inputs, signature)
        return (saturated_sum(a - b, signature, self.activation),)

    def carries_factors(self, signature: Signature) -> bool:
        return all(each.shape == signature.output.shape for each in signature.inputs)


@importer(Format.ONNX, "Sub")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_elementwise(node, g, Sub())


describe_tflite("SUB", says=TfliteOperator(int8=3, int16=5, alike=True))


@importer(Format.TFLITE, "SUB")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    check_general_scales(node, g)
    return import_elementwise(node, g, Sub(activation=fused_activation(node)))


@exporter(Sub)
def _to_tflite(op: Sub, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    emit_sum("SUB", op.activation, node, out)
