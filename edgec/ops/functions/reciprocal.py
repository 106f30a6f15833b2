"""Reciprocal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reciprocal(Function):
    """x [...] -> [...]: 1 / x; of 0 infinity, or 0 where ``keeps_zero``.

    Source: ONNX Reciprocal-13, and Div; with ``keeps_zero`` the rows of zeros of LpNormalization.
    TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "reciprocal"
    keeps_zero: bool = False

    def real(self, x: Array) -> Array:
        return np.where((x == 0) & self.keeps_zero, 0.0, 1 / x)


@importer(Format.ONNX, "Reciprocal")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Reciprocal())
