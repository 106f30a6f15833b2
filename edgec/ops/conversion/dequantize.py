"""Dequantize: integers to the float32 numbers they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.operator import INT8_AND_INT16, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Dequantize(Operator):
    """x [...], quantized per tensor -> [...]: float32 scale * (x - zero_point), rounded once.

    Source: TFLite 2.14 reference_ops::Dequantize; ONNX DequantizeLinear-13 with one scale.
    """

    name: ClassVar[str] = "dequantize"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not x.dtype.is_integer:
            message = f"dequantize of {x}"
            raise ValueError(message)
        return (TensorType(x.shape, DType.FLOAT32),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        return (dequantized(x, signature.inputs[0]),)


def dequantized(x: Array, kind: TensorType) -> Array:
    """Return the float32 numbers that the integers ``x`` of type ``kind`` stand for.

    ``kind`` may have one scale and zero point per slice along an axis.
    """
    q = kind.quantization
    extent = [1] * x.ndim
    if q.axis is not None:
        extent[q.axis] = -1
    scales, zero_points = (np.reshape(each, extent) for each in (q.scales, q.zero_points))
    return np.asarray(scales * (x.astype(np.float64) - zero_points), np.float32)


_CAST = {"InDataType": "INT32", "OutDataType": "FLOAT32"}

describe_tflite("DEQUANTIZE", says=TfliteOperator(int8=2, int16=3, integers="inputs"))


@importer(Format.TFLITE, "DEQUANTIZE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    if g.type(node.input(0)).qparams is None:
        raise node.reject("the input states no scale", code="malformed-model")
    return add_or_fold(node, g, Dequantize(), [node.input(0)])


@exporter(Dequantize)
def _to_tflite(op: Dequantize, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    x = signature.inputs[0]
    if x.dtype is DType.INT32:  # numbers, which TFLite converts as such
        out.emit("CAST", node.inputs, node.outputs, "CastOptions", **_CAST)
        return
    out.emit("DEQUANTIZE", node.inputs, node.outputs, "DequantizeOptions")
