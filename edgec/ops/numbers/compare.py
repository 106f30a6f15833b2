"""Comparisons of two tensors: truth values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.broadcasting import broadcast_type, centered
from edgec.ops.numbers.plain import check_no_scale, in_32_bits
from edgec.ops.numerics.fixed_point import Int64, quantize_multiplier, requantize
from edgec.ops.operator import INT8_AND_INT16, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

_LEFT_SHIFT = 8
_MANY = 1.0  # the scale from which on TFLite's kernel ends the process


class Relation(Enum):
    """What a comparison asks; the value is how TFLite calls it."""

    EQUAL = "EQUAL"
    NOT_EQUAL = "NOT_EQUAL"
    LESS = "LESS"
    LESS_EQUAL = "LESS_EQUAL"

    def holds(self, a: Array, b: Array) -> Array:
        """Return the truth values, broadcast. NaN is unlike and neither less nor more."""
        return np.asarray(_UFUNCS[self](a, b), np.bool_)

    def __str__(self) -> str:
        return self.value.lower()


_UFUNCS: dict[Relation, Callable[[Array, Array], Array]] = {
    Relation.EQUAL: np.equal,
    Relation.NOT_EQUAL: np.not_equal,
    Relation.LESS: np.less,
    Relation.LESS_EQUAL: np.less_equal,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Operator):
    """a [...], b [...] -> [...] of bool, broadcast: whether the ``relation`` of a to b holds.

    Quantized int8 is compared in steps of 2**-8 of the real numbers, as TFLite does it; all else
    as it is, so are int8 operands of one scale where ``in_steps``.
    Source: ONNX Equal-19, Less-13, LessOrEqual-16 (and Greater, operands swapped); TFLite 2.14
    reference_ops::ComparisonWithScaling, Comparison.
    """

    name: ClassVar[str] = "compare"
    pointwise: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32, DType.BOOL})
    relation: Relation
    in_steps: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (TensorType(broadcast_type(inputs).shape, DType.BOOL),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        a, b = on_fine_steps(inputs, signature) if self.is_rescaled(signature) else inputs
        return (self.relation.holds(a, b),)

    def is_rescaled(self, signature: Signature) -> bool:
        """Tell whether the operands' scales count."""
        quantized = all(each.qparams is not None for each in signature.inputs)
        return quantized and signature.inputs[0].dtype is DType.INT8 and not self.in_steps


def on_fine_steps(inputs: Sequence[Array], signature: Signature) -> tuple[Int64, Int64]:
    """Return both operands in steps of 2**-8 of the real numbers."""
    a, b = (
        requantize(x << _LEFT_SHIFT, *quantize_multiplier(kind.quantization.scale))
        for x, kind in zip(centered(inputs, signature), signature.inputs, strict=True)
    )
    return a, b


_RELATIONS = {  # of both formats; the flag: operands are swapped
    "Equal": (Relation.EQUAL, False),
    "Less": (Relation.LESS, False),
    "LessOrEqual": (Relation.LESS_EQUAL, False),
    "Greater": (Relation.LESS, True),
    "GreaterOrEqual": (Relation.LESS_EQUAL, True),
    "EQUAL": (Relation.EQUAL, False),
    "NOT_EQUAL": (Relation.NOT_EQUAL, False),
    "LESS": (Relation.LESS, False),
    "LESS_EQUAL": (Relation.LESS_EQUAL, False),
    "GREATER": (Relation.LESS, True),
    "GREATER_EQUAL": (Relation.LESS_EQUAL, True),
}

describe_tflite(
    "EQUAL",
    "NOT_EQUAL",
    "LESS",
    "LESS_EQUAL",
    "GREATER",
    "GREATER_EQUAL",
    says=TfliteOperator(int8=2, int16=2, types=Types.ANY, alike=True),
)


@importer(Format.ONNX, "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _compare(node, g)


@importer(Format.TFLITE, "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    kinds = [g.type(node.input(index)) for index in range(2)]
    coarse = [each for each in kinds if each.qparams and each.qparams.scale >= _MANY]
    if coarse and kinds[0].dtype is DType.INT8:
        raise node.reject(
            f"an operand with scale {coarse[0].quantization.scale:g}",
            code="unsupported-quantization",
            help="TFLite's own kernel ends the process at scales of 1 and more: scale the values",
        )
    return _compare(node, g)


def _compare(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    check_no_scale(node, g)
    relation, swapped = _RELATIONS[node.op]
    a, b = (in_32_bits(g, node.input(index)) for index in range(2))
    return add_or_fold(node, g, Compare(relation=relation), [b, a] if swapped else [a, b])


@exporter(Compare)
def _to_tflite(op: Compare, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write the operator of that name; integers that are compared as they are become int32.

    The interpreter has no LESS_EQUAL and NOT_EQUAL of int16.
    """
    inputs: Sequence[ValueName] = node.inputs
    if op.in_steps or signature.inputs[0].dtype is DType.INT16:
        inputs = [
            _as_numbers(node.name, each, kind, out)
            for each, kind in zip(node.inputs, signature.inputs, strict=True)
        ]
    words = [word.capitalize() for word in op.relation.value.split("_")]
    out.emit(op.relation.value, inputs, node.outputs, f"{''.join(words)}Options")


def _as_numbers(name: str, value: ValueName, kind: TensorType, out: TfliteEmitter) -> ValueName:
    wide = out.temporary(f"{name}/int32", TensorType(kind.shape, DType.INT32))
    types = {"InDataType": kind.dtype.name, "OutDataType": "INT32"}
    out.emit("CAST", [value], [wide], "CastOptions", **types)
    return wide
