"""Scaled exponential linear unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Selu(Function):
    """x [...] -> [...]: gamma * x where x > 0, else gamma * alpha * (e ** x - 1).

    Source: ONNX Selu-22 (Klambauer et al. 2017). TFLite has none: integers are written as their
    table.
    """

    name: ClassVar[str] = "selu"
    ALPHA: ClassVar[float] = 1.67326319217681884765625
    GAMMA: ClassVar[float] = 1.05070102214813232421875
    alpha: float = ALPHA
    gamma: float = GAMMA

    def real(self, x: Array) -> Array:
        return self.gamma * np.where(x > 0, x, self.alpha * np.expm1(x))


@importer(Format.ONNX, "Selu")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    op = Selu(
        alpha=node.number("alpha", default=Selu.ALPHA),
        gamma=node.number("gamma", default=Selu.GAMMA),
    )
    return import_unary(node, g, op)
