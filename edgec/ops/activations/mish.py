"""Mish."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary, recognize
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Mish(Function):
    """x [...] -> [...]: x * tanh(log(1 + e ** x)).

    Source: ONNX Mish-22 (Misra 2019). TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "mish"

    def real(self, x: Array) -> Array:
        return np.asarray(x * np.tanh(np.logaddexp(x, 0)))


recognize(Mish())


@importer(Format.ONNX, "Mish")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Mish())
