"""Continuously differentiable exponential linear unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Celu(Function):
    """x [...] -> [...]: x where x >= 0, else alpha * (e ** (x / alpha) - 1).

    Source: ONNX Celu-12 (Barron 2017). TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "celu"
    alpha: float = 1.0

    def real(self, x: Array) -> Array:
        return np.where(x >= 0, x, self.alpha * np.expm1(x / self.alpha))


@importer(Format.ONNX, "Celu")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Celu(alpha=node.number("alpha", default=1.0)))
