"""Shrink: moves values toward zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrink(Function):
    """x [...] -> [...]: x + bias below -lambd, x - bias above lambd, 0 between.

    Source: ONNX Shrink-9. TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "shrink"
    bias: float = 0.0
    lambd: float = 0.5

    def real(self, x: Array) -> Array:
        shifted = x - np.sign(x) * self.bias
        return np.where(np.abs(x) > self.lambd, shifted, 0.0)


@importer(Format.ONNX, "Shrink")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    bias, lambd = node.number("bias", default=0.0), node.number("lambd", default=0.5)
    return import_unary(node, g, Shrink(bias=bias, lambd=lambd))
