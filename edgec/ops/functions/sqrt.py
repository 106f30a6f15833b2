"""Square root."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sqrt(Function):
    """x [...] -> [...]: the square root; 0 where x is negative, for which ONNX has NaN.

    Source: ONNX Sqrt-13; TFLite SQRT. Integers take a table.
    """

    name: ClassVar[str] = "sqrt"

    def real(self, x: Array) -> Array:
        return np.asarray(np.sqrt(np.maximum(x, 0)))


@importer(Format.ONNX, "Sqrt")
@importer(Format.TFLITE, "SQRT")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Sqrt())
