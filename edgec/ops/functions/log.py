"""Natural logarithm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Log(Function):
    """x [...] -> [...]: the natural logarithm; minus infinity where x <= 0.

    Below 0 ONNX has NaN. Integers take a table, where minus infinity saturates.
    Source: ONNX Log-13; TFLite LOG.
    """

    name: ClassVar[str] = "log"

    def real(self, x: Array) -> Array:
        return np.asarray(np.log(np.maximum(x, 0)))


@importer(Format.ONNX, "Log")
@importer(Format.TFLITE, "LOG")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Log())
