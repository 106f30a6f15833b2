"""Sine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sin(Function):
    """x [...] -> [...]: sin(x), x in radians.

    Source: ONNX Sin-22; TFLite SIN. Integers take a table.
    """

    name: ClassVar[str] = "sin"

    def real(self, x: Array) -> Array:
        return np.asarray(np.sin(x))


@importer(Format.ONNX, "Sin")
@importer(Format.TFLITE, "SIN")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Sin())
