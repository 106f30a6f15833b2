"""Thresholded rectifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdedRelu(Function):
    """x [...] -> [...]: x where x > alpha, else 0.

    Source: ONNX ThresholdedRelu-22 (Konda, Memisevic, Krueger 2014). TFLite has none: integers are
    written as their table.
    """

    name: ClassVar[str] = "thresholded_relu"
    alpha: float = 1.0

    def real(self, x: Array) -> Array:
        return np.where(x > self.alpha, x, 0.0)


@importer(Format.ONNX, "ThresholdedRelu")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, ThresholdedRelu(alpha=node.number("alpha", default=1.0)))
