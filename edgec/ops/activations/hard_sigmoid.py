"""Hard sigmoid: a straight line between 0 and 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class HardSigmoid(Function):
    """x [...] -> [...]: alpha * x + beta, limited to [0, 1].

    Source: ONNX HardSigmoid-22. TFLite has none: integers are written as their table.
    """

    name: ClassVar[str] = "hard_sigmoid"
    alpha: float = 0.2
    beta: float = 0.5

    def real(self, x: Array) -> Array:
        return np.clip(self.alpha * x + self.beta, 0, 1)


@importer(Format.ONNX, "HardSigmoid")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    alpha, beta = node.number("alpha", default=0.2), node.number("beta", default=0.5)
    return import_unary(node, g, HardSigmoid(alpha=alpha, beta=beta))
