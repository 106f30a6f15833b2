"""Cosine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Cos(Function):
    """x [...] -> [...]: cos(x), x in radians.

    Source: ONNX Cos-22; TFLite COS. Integers take a table.
    """

    name: ClassVar[str] = "cos"

    def real(self, x: Array) -> Array:
        return np.asarray(np.cos(x))


@importer(Format.ONNX, "Cos")
@importer(Format.TFLITE, "COS")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Cos())
