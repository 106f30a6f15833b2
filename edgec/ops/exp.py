"""Exponential function."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, Signature, ValueName
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.unary import Function, export_table, import_unary

_INT8_MAX = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Exp(Function):
    """e ** x."""

    name: ClassVar[str] = "exp"

    def real(self, x: Array) -> Array:
        return np.asarray(np.exp(x))


@importer(Format.ONNX, "Exp")
@importer(Format.TFLITE, "EXP")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Exp())


@exporter(Exp)
def _to_tflite(op: Exp, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write EXP; a table where TFLite would convert a number to int32 that does not fit."""
    x, y = (each.quantization for each in (signature.inputs[0], signature.output))
    largest = np.exp(x.scale * (_INT8_MAX - x.zero_point)) / y.scale
    if largest < 2.0**30:
        out.emit("EXP", node.inputs, node.outputs, "ExpOptions")
    else:
        export_table(op, node, signature, out)
