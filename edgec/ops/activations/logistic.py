"""Logistic function (sigmoid)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.functions.unary import Unary, import_unary, tabulate
from edgec.ops.numerics.sigmoid_table import logistic_int16
from edgec.ops.operator import INT8_AND_INT16, OutputRule, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistic(Unary):
    """x [...] -> [...]: 1 / (1 + exp(-x)).

    int8 by a table, output scale 1/256, zero point -128; int16 by 256 samples, output scale 2**-15.
    Source: ONNX Sigmoid-13; TFLite 2.14 LOGISTIC (int16: reference_integer_ops::Logistic).
    """

    name: ClassVar[str] = "logistic"
    output_rule: ClassVar[OutputRule] = OutputRule.FIXED
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    fixed_output: ClassVar[tuple[float, int] | None] = (1 / 256, -128)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (_logistic(x),)
        if x.dtype == np.int16:
            return (logistic_int16(x, signature.inputs[0].quantization.scale),)
        return (tabulate(_logistic, x, signature),)

    @property
    def never_negative(self) -> bool:
        return True


def _logistic(x: Array) -> Array:
    with np.errstate(over="ignore"):
        power = np.exp(-x.astype(np.float64)).astype(np.float32)
        return np.float32(1) / (np.float32(1) + power)


describe_tflite("LOGISTIC", says=TfliteOperator(int8=2, int16=3))


@importer(Format.ONNX, "Sigmoid")
@importer(Format.TFLITE, "LOGISTIC")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Logistic())


@exporter(Logistic)
def _to_tflite(op: Logistic, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("LOGISTIC", node.inputs, node.outputs)
