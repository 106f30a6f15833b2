"""Softplus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary, recognize
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Softplus(Function):
    """x [...] -> [...]: log(1 + e ** x).

    Source: ONNX Softplus-22. TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "softplus"

    def real(self, x: Array) -> Array:
        return np.asarray(np.logaddexp(x, 0))


recognize(Softplus())


@importer(Format.ONNX, "Softplus")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Softplus())
