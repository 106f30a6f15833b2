"""Ceiling."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceil(Function):
    """x [...] -> [...]: the smallest whole number >= x.

    Source: ONNX Ceil-13; TFLite CEIL. Integers take a table.
    """

    name: ClassVar[str] = "ceil"

    def real(self, x: Array) -> Array:
        return np.asarray(np.ceil(x))


@importer(Format.ONNX, "Ceil")
@importer(Format.TFLITE, "CEIL")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Ceil())
