"""Rounding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Round(Function):
    """x [...] -> [...]: the nearest whole number, of two the even one.

    Source: ONNX Round-22; TFLite ROUND. Integers take a table.
    """

    name: ClassVar[str] = "round"

    def real(self, x: Array) -> Array:
        return np.asarray(np.rint(x))


@importer(Format.ONNX, "Round")
@importer(Format.TFLITE, "ROUND")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Round())
