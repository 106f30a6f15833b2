"""Arc tangent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Atan(Function):
    """x [...] -> [...]: the angle whose tangent is x, in radians, between -pi/2 and pi/2.

    Source: ONNX Atan-22. TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "atan"

    def real(self, x: Array) -> Array:
        return np.asarray(np.arctan(x))


@importer(Format.ONNX, "Atan")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Atan())
