"""Gaussian error linear unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt
from typing import ClassVar

import numpy as np
from scipy import special

from edgec.ir import Array, GraphBuilder, Node, Signature, ValueName
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.unary import Function, import_unary


@dataclass(frozen=True, slots=True, kw_only=True)
class Gelu(Function):
    """x * P(normal variable < x); ``approximate`` replaces the integral by a tanh."""

    name: ClassVar[str] = "gelu"
    approximate: bool = False

    def real(self, x: Array) -> Array:
        if self.approximate:
            return np.asarray(x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2)
        return np.asarray(x * special.ndtr(x))


@importer(Format.ONNX, "Gelu")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    form = node.text("approximate", default="none")
    if form not in {"none", "tanh"}:
        raise node.reject(f"approximate = {form!r}", code="malformed-model")
    return import_unary(node, g, Gelu(approximate=form == "tanh"))


@importer(Format.TFLITE, "GELU")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Gelu(approximate=node.flag("approximate", default=False)))


@exporter(Gelu)
def _to_tflite(op: Gelu, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("GELU", node.inputs, node.outputs, "GeluOptions", Approximate=op.approximate)
