"""Exponential linear unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Elu(Function):
    """x [...] -> [...]: x where x >= 0, else alpha * (e ** x - 1).

    Source: ONNX Elu-22; TFLite ELU, whose alpha is 1 (Clevert, Unterthiner, Hochreiter 2015).
    Integers take a table.
    """

    name: ClassVar[str] = "elu"
    alpha: float = 1.0

    def real(self, x: Array) -> Array:
        return np.where(x >= 0, x, self.alpha * np.expm1(x))


@importer(Format.ONNX, "Elu")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Elu(alpha=node.number("alpha", default=1.0)))


@importer(Format.TFLITE, "ELU")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Elu())
