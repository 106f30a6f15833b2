"""A threshold: 1 above it, else 0."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Binarize(Function):
    """x [...] -> [...]: 1 where x > threshold, else 0.

    Source: ONNX ai.onnx.ml Binarizer-1. TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "binarize"
    threshold: float = 0.0

    def real(self, x: Array) -> Array:
        return np.where(x > np.float32(self.threshold), 1.0, 0.0)


@importer(Format.ONNX, "ai.onnx.ml::Binarizer")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Binarize(threshold=node.number("threshold", default=0.0)))
