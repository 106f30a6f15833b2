"""Absolute value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.functions.unary import Unary, import_unary, scale_ratio
from edgec.ops.numerics.fixed_point import quantize_multiplier, requantize, saturate
from edgec.ops.operator import INT8_AND_INT16, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Abs(Unary):
    """x [...] -> [...]: the distance from 0.

    Integers: abs(x - zero point), requantized by scale_x / scale_y, which is divided in float32.
    Source: ONNX Abs-13; TFLite 2.14 ABS (AbsEvalQuantized).
    """

    name: ClassVar[str] = "abs"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (np.abs(x),)
        limits = np.iinfo(x.dtype)
        distance = np.abs(x.astype(np.int64) - signature.inputs[0].quantization.zero_point)
        y = requantize(distance, *quantize_multiplier(scale_ratio(signature)))
        y += signature.output.quantization.zero_point
        return (saturate(y, int(limits.min), int(limits.max), x.dtype),)


describe_tflite("ABS", says=TfliteOperator(int8=2, int16=3))


@importer(Format.ONNX, "Abs")
@importer(Format.TFLITE, "ABS")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Abs())


@exporter(Abs)
def _to_tflite(op: Abs, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("ABS", node.inputs, node.outputs)
