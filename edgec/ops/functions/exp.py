"""Exponential function."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, Signature, ValueName
from edgec.ops.functions.unary import Function, export_table, import_unary
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Exp(Function):
    """x [...] -> [...]: e ** x.

    Integers take a table, made as TFLite makes its own.
    Source: ONNX Exp-13; TFLite 2.14 EXP.
    """

    name: ClassVar[str] = "exp"
    largest_bend: ClassVar[float] = np.inf  # as TFLite has it

    def real(self, x: Array) -> Array:
        return np.asarray(np.exp(x))


describe_tflite("EXP", says=TfliteOperator(int8=2, int16=2))


@importer(Format.ONNX, "Exp")
@importer(Format.TFLITE, "EXP")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Exp())


@exporter(Exp)
def _to_tflite(op: Exp, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write EXP; a table where TFLite would convert a number to int32 that does not fit."""
    x, y = (each.quantization for each in (signature.inputs[0], signature.output))
    highest = np.iinfo(signature.inputs[0].dtype.numpy).max - x.zero_point
    if x.scale * highest < np.log(2.0**30 * y.scale):
        out.emit("EXP", node.inputs, node.outputs, "ExpOptions")
    else:
        export_table(op, node, signature, out)
