"""Sign."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign(Function):
    """x [...] -> [...]: -1, 0 or 1.

    Source: ONNX Sign-13; TFLite SIGN. Integers take a table.
    """

    name: ClassVar[str] = "sign"

    def real(self, x: Array) -> Array:
        return np.asarray(np.sign(x))


@importer(Format.ONNX, "Sign")
@importer(Format.TFLITE, "SIGN")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Sign())
