"""Negation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.registry import Format, SourceNode, importer
from edgec.ops.unary import Function, import_unary


@dataclass(frozen=True, slots=True, kw_only=True)
class Neg(Function):
    """-x."""

    name: ClassVar[str] = "neg"

    def real(self, x: Array) -> Array:
        return np.asarray(-x)


@importer(Format.ONNX, "Neg")
@importer(Format.TFLITE, "NEG")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Neg())
