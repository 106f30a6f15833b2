"""Swish (SiLU)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary, recognize
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Swish(Function):
    """x [...] -> [...]: x / (1 + e ** (-alpha * x)).

    Source: ONNX Swish-24 (Ramachandran, Zoph, Le 2017). TFLite has none: integers are written as
    their table.
    """

    name: ClassVar[str] = "swish"
    alpha: float = 1.0

    def real(self, x: Array) -> Array:
        return np.asarray(x / (1 + np.exp(-self.alpha * x)))


recognize(Swish())


@importer(Format.ONNX, "Swish")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Swish(alpha=node.number("alpha", default=1.0)))
