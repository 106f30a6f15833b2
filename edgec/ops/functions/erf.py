"""Error function."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import special

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Erf(Function):
    """x [...] -> [...]: 2 / sqrt(pi) * the integral of e ** (-t * t) from 0 to x.

    Source: ONNX Erf-13. TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "erf"

    def real(self, x: Array) -> Array:
        return np.asarray(special.erf(x))


@importer(Format.ONNX, "Erf")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Erf())
