"""Floor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor(Function):
    """x [...] -> [...]: the largest whole number <= x.

    Source: ONNX Floor-13; TFLite FLOOR. Integers take a table.
    """

    name: ClassVar[str] = "floor"

    def real(self, x: Array) -> Array:
        return np.asarray(np.floor(x))


@importer(Format.ONNX, "Floor")
@importer(Format.TFLITE, "FLOOR")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Floor())
