"""FusedMatMul of onnxruntime: MatMul of matrices that may be transposed, times a number."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.mul import Mul
from edgec.ops.movement.transpose import Transpose
from edgec.ops.registry import IMPORTERS, Format, SourceNode, importer

_MATRIX = 2  # axes of one


@importer(Format.ONNX, "com.microsoft::FusedMatMul")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import alpha * A' B'; alpha goes into B where this is constant."""
    alpha = node.number("alpha", default=1.0)
    if any(node.flag(name, default=False) for name in ("transBatchA", "transBatchB")):
        raise node.reject("batch axes in another place", help="transpose before the product")
    a, b = _operand(node, g, 0, "transA"), _operand(node, g, 1, "transB")
    if alpha == 1:
        return _product(node, g, a, b)
    factor = g.constant(f"{node.name}.alpha", np.array(alpha, np.float32))
    if g.constant_value(b) is not None:
        (b,) = add_or_fold(node.part(suffix="alpha"), g, Mul(), [b, factor])
        return _product(node, g, a, b)
    return add_or_fold(node, g, Mul(), [*_product(node.part(suffix="product"), g, a, b), factor])


def _operand(node: SourceNode, g: GraphBuilder, index: int, option: str) -> ValueName:
    """Return an operand with its last two axes exchanged where the option says so."""
    x = node.input(index)
    rank = g.type(x).rank
    if not node.flag(option, default=False) or rank < _MATRIX:
        return x
    perm = (*range(rank - _MATRIX), rank - 1, rank - _MATRIX)
    return add_or_fold(node.part(suffix=option), g, Transpose(perm=perm), [x])[0]


def _product(node: SourceNode, g: GraphBuilder, a: ValueName, b: ValueName) -> Sequence[ValueName]:
    return IMPORTERS[Format.ONNX, "MatMul"](replace(node, inputs=(a, b), attrs={}), g)
