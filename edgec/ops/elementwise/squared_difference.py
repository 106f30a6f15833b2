"""Squared difference of two tensors, with broadcasting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, QParams, Signature, TensorType, ValueName
from edgec.ops.elementwise.broadcasting import broadcast_type, centered, import_elementwise
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.sub import Sub
from edgec.ops.numerics.fixed_point import quantize_multiplier, requantize, saturate
from edgec.ops.operator import INT8_AND_INT16, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite

LEFT_SHIFT = 7
"""Both operands are raised by 2**7 before they are brought to a common scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SquaredDifference(Operator):
    """a [...], b [...] -> [...], broadcast: (a - b) ** 2.

    int8: both operands are raised by 2**7 and brought to twice the larger scale; three multipliers
    in all. int16 is a Sub, whose scale no difference exceeds, and a Mul.
    Source: TFLite 2.14 SQUARED_DIFFERENCE; it has none for int16.
    """

    name: ClassVar[str] = "squared_difference"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    pointwise: ClassVar[bool] = True

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (broadcast_type(inputs),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        output = signature.output
        if output.qparams is None:
            return (np.asarray(np.square(inputs[0] - inputs[1])),)
        if output.dtype is DType.INT16:
            between, squared = in_parts(signature)
            (d,) = Sub().evaluate(inputs, between)
            return Mul().evaluate([d, d], squared)
        *factors, last = square_factors(signature)
        a, b = (
            requantize(x << LEFT_SHIFT, *quantize_multiplier(factor))
            for x, factor in zip(centered(inputs, signature), factors, strict=True)
        )
        y = requantize((a - b) ** 2, *quantize_multiplier(last)) + output.qparams.zero_point
        limits = np.iinfo(output.dtype.numpy)
        return (saturate(y, limits.min, limits.max, output.dtype.numpy),)


def square_factors(signature: Signature) -> tuple[float, float, float]:
    """Return the factors of both inputs and of the output, in double."""
    a, b = (kind.quantization.scale for kind in signature.inputs)
    common = 2 * max(a, b)
    steps = 2 ** (2 * LEFT_SHIFT) * signature.output.quantization.scale
    return a / common, b / common, common * common / steps


def in_parts(signature: Signature) -> tuple[Signature, Signature]:
    """Return the types of the difference and of its square, of int16."""
    scale = 2 * np.float32(max(kind.quantization.scale for kind in signature.inputs))
    qparams = QParams.per_tensor(float(scale))
    between = TensorType(signature.output.shape, DType.INT16, qparams)
    return Signature(signature.inputs, (between,)), Signature((between,) * 2, signature.outputs)


describe_tflite("SQUARED_DIFFERENCE", says=TfliteOperator(int8=2, int16=2))


@importer(Format.TFLITE, "SQUARED_DIFFERENCE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_elementwise(node, g, SquaredDifference())


@exporter(SquaredDifference)
def _to_tflite(op: SquaredDifference, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    if signature.output.dtype is DType.INT16:  # which the interpreter does not know
        between = out.temporary(f"{node.name}/difference", in_parts(signature)[0].output)
        out.emit("SUB", node.inputs, [between], "SubOptions", PotScaleInt16=False)
        out.emit("MUL", [between, between], node.outputs, "MulOptions")
        return
    out.emit("SQUARED_DIFFERENCE", node.inputs, node.outputs, "SquaredDifferenceOptions")
