"""Division: a product with the reciprocal, which is a constant or a table."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.broadcasting import fused_activation
from edgec.ops.elementwise.mul import Mul
from edgec.ops.functions.reciprocal import Reciprocal
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "Div")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _divide(node, g, Mul())


@importer(Format.TFLITE, "DIV")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    if any(each is not None for each in node.qparams):
        raise node.reject(
            "a division of quantized values, which TFLite 2.14 has not (TensorFlow 2.21 writes it)",
            help="give the float .tflite and --calib, or multiply by the reciprocal",
        )
    return _divide(node, g, Mul(activation=fused_activation(node)))


def _divide(node: SourceNode, g: GraphBuilder, product: Mul) -> Sequence[ValueName]:
    dividend, divisor = node.input(0), node.input(1)
    known = g.constant_value(divisor)
    if g.type(divisor).dtype.is_integer:
        raise node.reject("integers are divided at run time", help="divide in float32")
    if known is None:
        part = replace(node, outputs=(f"{node.outputs[0]}/reciprocal",), name=f"{node.name}/recip")
        (inverse,) = add_or_fold(part, g, Reciprocal(), [divisor])
    else:
        inverse = g.constant(f"{divisor}/reciprocal", _inverse(node, known))
    if _is_one(g.constant_value(dividend)) and g.type(inverse).shape == _shape(node, g):
        return [inverse]
    return add_or_fold(node, g, product, [dividend, inverse])


def _shape(node: SourceNode, g: GraphBuilder) -> tuple[int, ...]:
    return np.broadcast_shapes(*(g.type(node.input(i)).shape for i in range(2)))


def _is_one(array: Array | None) -> bool:
    return array is not None and bool(np.all(array == 1))


def _inverse(node: SourceNode, divisor: Array) -> Array:
    if not np.all(divisor):
        raise node.reject(
            "the constant divisor holds a 0, its results would be infinite",
            help="check the weights: a scale of 0 (a feature that never changed?) becomes 1",
        )
    return np.asarray(1 / divisor.astype(np.float64), np.float32)
