"""Gaussian error linear unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt
from typing import ClassVar

import numpy as np
from scipy import special

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.functions.unary import Function, export_table, import_unary, recognize
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Gelu(Function):
    """x [...] -> [...]: x * P(normal variable < x).

    ``approximate`` replaces the integral by (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3))) / 2.
    Integers take a table.
    Source: ONNX Gelu-20; TFLite 2.14 GELU (Hendrycks, Gimpel 2016).
    """

    name: ClassVar[str] = "gelu"
    approximate: bool = False

    def real(self, x: Array) -> Array:
        if self.approximate:
            return np.asarray(x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2)
        return np.asarray(x * special.ndtr(x))


recognize(Gelu(), Gelu(approximate=True))


@importer(Format.ONNX, "Gelu")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    form = node.text("approximate", default="none")
    if form not in {"none", "tanh"}:
        raise node.reject(f"approximate = {form!r}", code="malformed-model")
    return import_unary(node, g, Gelu(approximate=form == "tanh"))


describe_tflite("GELU", says=TfliteOperator(int8=2, int16=2))


@importer(Format.TFLITE, "GELU")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Gelu(approximate=node.flag("approximate", default=False)))


@exporter(Gelu)
def _to_tflite(op: Gelu, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write GELU, which the interpreter does not know for int16: then a table."""
    if signature.output.dtype is DType.INT16:
        export_table(op, node, signature, out)
    else:
        out.emit("GELU", node.inputs, node.outputs, "GeluOptions", Approximate=op.approximate)
