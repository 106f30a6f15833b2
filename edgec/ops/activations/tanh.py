"""Hyperbolic tangent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.functions.unary import Unary, import_unary, tabulate
from edgec.ops.numerics.sigmoid_table import tanh_int16
from edgec.ops.operator import INT8_AND_INT16, OutputRule, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Tanh(Unary):
    """x [...] -> [...]: tanh(x).

    int8 by a table, output scale 1/128, zero point 0; int16 by 256 samples, output scale 2**-15.
    Source: ONNX Tanh-13; TFLite 2.14 TANH (int16: reference_integer_ops::Tanh).
    """

    name: ClassVar[str] = "tanh"
    output_rule: ClassVar[OutputRule] = OutputRule.FIXED
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    fixed_output: ClassVar[tuple[float, int] | None] = (1 / 128, 0)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (_tanh(x),)
        if x.dtype == np.int16:
            return (tanh_int16(x, signature.inputs[0].quantization.scale),)
        return (tabulate(_tanh, x, signature),)


def _tanh(x: Array) -> Array:
    return np.tanh(x.astype(np.float64)).astype(np.float32)


describe_tflite("TANH", says=TfliteOperator(int8=2, int16=3))


@importer(Format.ONNX, "Tanh")
@importer(Format.TFLITE, "TANH")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Tanh())


@exporter(Tanh)
def _to_tflite(op: Tanh, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("TANH", node.inputs, node.outputs)
