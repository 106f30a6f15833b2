"""Softsign."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Softsign(Function):
    """x [...] -> [...]: x / (1 + abs(x)).

    Source: ONNX Softsign-22. TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "softsign"

    def real(self, x: Array) -> Array:
        return np.asarray(x / (1 + np.abs(x)))


@importer(Format.ONNX, "Softsign")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Softsign())
