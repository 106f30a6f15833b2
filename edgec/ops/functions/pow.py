"""Power with a constant exponent, and the square."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.functions.unary import Function, import_unary
from edgec.ops.movement.tile import broadcast
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Pow(Function):
    """x [...] -> [...]: x ** exponent; NaN where x is negative and the exponent no whole number.

    Source: ONNX Pow-15 with one constant exponent; TFLite POW and SQUARE. Integers take a table.
    """

    name: ClassVar[str] = "pow"
    exponent: float

    def real(self, x: Array) -> Array:
        return np.asarray(np.power(x, self.exponent))


@importer(Format.ONNX, "Pow")
@importer(Format.TFLITE, "POW")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    exponents = np.unique(node.constant(g, 1))
    if exponents.size != 1:
        raise node.reject(
            f"the exponents differ ({', '.join(map(str, exponents[:4]))} ...)",
            help="use one exponent for all elements",
        )
    wanted = g.type(node.input(1)).shape
    if np.broadcast_shapes(wanted, shape := g.type(node.input(0)).shape) != shape:
        (x,) = broadcast(node.part(suffix="base"), g, node.input(0), wanted)
        node = replace(node, inputs=(x, *node.inputs[1:]))
    return import_unary(node, g, Pow(exponent=float(exponents[0])))


@importer(Format.TFLITE, "SQUARE")
def _square(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Pow(exponent=2.0))
