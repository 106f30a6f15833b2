"""Arithmetic of plain numbers: int32, which wraps around."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.broadcasting import broadcast_type, fused_activation
from edgec.ops.numbers.expressions import Expression
from edgec.ops.numbers.plain import (
    INT32_LIMITS,
    check_no_scale,
    limited,
    with_inputs_in_32_bits,
)
from edgec.ops.numerics.fixed_point import Int64, wrap_int32
from edgec.ops.operator import Activation, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, number_importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite

_MOST_SHIFTED = 31


class Calculation(Enum):
    """What is calculated of two numbers; the value is how TFLite calls it."""

    ADD = "ADD"
    SUB = "SUB"
    MUL = "MUL"
    DIV = "DIV"
    FLOOR_DIV = "FLOOR_DIV"
    FLOOR_MOD = "FLOOR_MOD"
    MINIMUM = "MINIMUM"
    MAXIMUM = "MAXIMUM"
    XOR = "BITWISE_XOR"
    SHIFT_RIGHT = "RIGHT_SHIFT"
    AND = "bitwise_and"
    OR = "bitwise_or"
    REMAINDER = "remainder"

    def of(self, a: Int64, b: Int64) -> Int64:
        """Return the result in 64 bits, not yet wrapped. Dividing by 0 gives 0."""
        direct = _DIRECT.get(self)
        return self._divided(a, b) if direct is None else direct(a, b)

    def _divided(self, a: Int64, b: Int64) -> Int64:
        divisor = np.where(b == 0, 1, b)
        floored, rest = np.divmod(a, divisor)
        towards_zero = floored + ((rest != 0) & (floored < 0))
        results = {
            Calculation.FLOOR_DIV: floored,
            Calculation.FLOOR_MOD: rest,
            Calculation.DIV: towards_zero,
            Calculation.REMAINDER: a - towards_zero * divisor,
        }
        return np.where(b == 0, 0, results[self])

    def __str__(self) -> str:
        return self.value.lower()


_DIRECT: dict[Calculation, Callable[[Int64, Int64], Int64]] = {
    Calculation.ADD: np.add,
    Calculation.SUB: np.subtract,
    Calculation.MUL: np.multiply,
    Calculation.MINIMUM: np.minimum,
    Calculation.MAXIMUM: np.maximum,
    Calculation.XOR: np.bitwise_xor,
    Calculation.AND: np.bitwise_and,
    Calculation.OR: np.bitwise_or,
    Calculation.SHIFT_RIGHT: lambda a, b: a >> np.clip(b, 0, _MOST_SHIFTED),
}
_WITHOUT_TFLITE = {Calculation.AND, Calculation.OR, Calculation.REMAINDER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Operator):
    """a [...], b [...] of int32 -> [...] of int32, broadcast: the ``calculation``.

    Results keep their lowest 32 bits. Dividing by 0, where runtimes fail, gives 0; shifts are
    limited to 0 to 31 bits.
    Source: ONNX Add-14, Sub-14, Mul-14, Div-14, Mod-13, Max-13, Min-13, BitwiseAnd-18,
    BitwiseOr-18, BitwiseXor-18 of integers; TFLite ADD, SUB, MUL, DIV, FLOOR_DIV, FLOOR_MOD,
    MAXIMUM, MINIMUM, BITWISE_XOR, RIGHT_SHIFT of int32.
    """

    name: ClassVar[str] = "arithmetic"
    pointwise: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    calculation: Calculation

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        kind = broadcast_type(inputs)
        if kind.dtype is not DType.INT32:
            message = f"arithmetic of {inputs[0]} and {inputs[1]}"
            raise ValueError(message)
        return (kind,)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        a, b = (each.astype(np.int64) for each in inputs)
        return (np.asarray(wrap_int32(np.asarray(self.calculation.of(a, b))), np.int32),)


_CALCULATIONS = {
    "Add": Calculation.ADD,
    "Sub": Calculation.SUB,
    "Mul": Calculation.MUL,
    "Div": Calculation.DIV,
    "BitwiseAnd": Calculation.AND,
    "BitwiseOr": Calculation.OR,
    "BitwiseXor": Calculation.XOR,
    **{each.value: each for each in Calculation if each not in _WITHOUT_TFLITE},
}

describe_tflite(
    "FLOOR_DIV", "FLOOR_MOD", "BITWISE_XOR", "RIGHT_SHIFT", says=TfliteOperator(alike=True)
)
describe_tflite("SIGN", says=TfliteOperator())


@number_importer(Format.ONNX, "Add", "Sub", "Mul", "Div", "BitwiseAnd", "BitwiseOr", "BitwiseXor")
@number_importer(Format.TFLITE, "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "BITWISE_XOR")
@number_importer(Format.TFLITE, "RIGHT_SHIFT")
def _of_two(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _calculated(node, g, _CALCULATIONS[node.op])


@number_importer(Format.ONNX, "Mod")
def _mod(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import the rest of a division: of the sign of the divisor, or of the dividend (fmod)."""
    truncates = node.flag("fmod", default=False)
    return _calculated(node, g, Calculation.REMAINDER if truncates else Calculation.FLOOR_MOD)


def _whole(node: SourceNode, g: GraphBuilder) -> SourceNode:
    """Return the node as it reads int32; refuse truth values, and integers with a scale."""
    check_no_scale(node, g)
    read = with_inputs_in_32_bits(node, g)
    if any(g.type(value).dtype is DType.BOOL for value in read.present_inputs()):
        raise node.reject(
            "truth values", code="unsupported-dtype", help="cast to int32 before, or use logic"
        )
    return read


def _calculated(node: SourceNode, g: GraphBuilder, calculation: Calculation) -> Sequence[ValueName]:
    read = _whole(node, g)
    return add_or_fold(read, g, Arithmetic(calculation=calculation), [read.input(0), read.input(1)])


@number_importer(Format.TFLITE, "ADD", "SUB", "MUL", "DIV")
def _with_activation(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import arithmetic with a fused activation, whose bounds are whole numbers."""
    node.ignore("pot_scale_int16")
    activation = fused_activation(node)
    if activation is Activation.NONE:
        return _calculated(node, g, _CALCULATIONS[node.op])
    (result,) = _calculated(node.part(suffix="sum"), g, _CALCULATIONS[node.op])
    low, high = activation.bounds
    return _limited(node, g, result, low, high)


@number_importer(Format.ONNX, "Max", "Min", "Sum")
def _of_many(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    read = _whole(node, g)
    calculation = {"Max": Calculation.MAXIMUM, "Min": Calculation.MINIMUM}.get(
        node.op, Calculation.ADD
    )
    first, *others, last = read.present_inputs() if len(node.inputs) > 1 else (read.input(0),) * 2
    if len(node.inputs) == 1:
        calculation = Calculation.MAXIMUM
    terms = Expression(node, g)
    for other in others:
        first = terms.add(Arithmetic(calculation=calculation), first, other)
    return add_or_fold(read, g, Arithmetic(calculation=calculation), [first, last])


@number_importer(Format.ONNX, "Neg")
@number_importer(Format.TFLITE, "NEG")
def _negated(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    read = _whole(node, g)
    zero = Expression(node, g).number(0)
    return add_or_fold(read, g, Arithmetic(calculation=Calculation.SUB), [zero, read.input(0)])


@number_importer(Format.ONNX, "Abs")
@number_importer(Format.TFLITE, "ABS")
def _magnitude(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    read = _whole(node, g)
    terms, x = Expression(node, g), read.input(0)
    negative = terms.add(Arithmetic(calculation=Calculation.SUB), terms.number(0), x)
    return add_or_fold(read, g, Arithmetic(calculation=Calculation.MAXIMUM), [x, negative])


@number_importer(Format.ONNX, "Sign")
@number_importer(Format.TFLITE, "SIGN")
def _sign(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _limited(node, g, _whole(node, g).input(0), -1, 1)


@number_importer(Format.ONNX, "Relu")
def _relu(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _limited(node, g, _whole(node, g).input(0), 0, np.inf)


@number_importer(Format.ONNX, "Clip")
def _clip(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import limits, which may be computed at run time; the upper one wins."""
    read = _whole(node, g)
    low, high = (read.inputs[index] if index < len(read.inputs) else None for index in (1, 2))
    return _between(node, g, read.input(0), low, high)


@number_importer(Format.ONNX, "BitwiseNot")
def _bits_turned(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    read = _whole(node, g)
    ones = Expression(node, g).number(-1)
    return add_or_fold(read, g, Arithmetic(calculation=Calculation.XOR), [read.input(0), ones])


@number_importer(Format.TFLITE, "SQUARED_DIFFERENCE")
def _squared_difference(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    read = _whole(node, g)
    op = Arithmetic(calculation=Calculation.SUB)
    difference = Expression(node, g).add(op, read.input(0), read.input(1))
    op = Arithmetic(calculation=Calculation.MUL)
    return add_or_fold(read, g, op, [difference, difference])


def _limited(
    node: SourceNode, g: GraphBuilder, x: ValueName, low: float, high: float
) -> Sequence[ValueName]:
    numbers = Expression(node, g)
    bounds = [
        numbers.number(int(limited(np.array(each)))) if np.isfinite(each) else None
        for each in (low, high)
    ]
    return _between(node, g, x, *bounds)


def _between(
    node: SourceNode, g: GraphBuilder, x: ValueName, low: ValueName | None, high: ValueName | None
) -> Sequence[ValueName]:
    numbers = Expression(node, g)
    low = numbers.number(int(INT32_LIMITS.min)) if low is None and high is None else low
    if high is None:
        assert low is not None  # noqa: S101 - one of both is there by now
        return add_or_fold(node, g, Arithmetic(calculation=Calculation.MAXIMUM), [x, low])
    if low is not None:
        x = numbers.add(Arithmetic(calculation=Calculation.MAXIMUM), x, low)
    return add_or_fold(node, g, Arithmetic(calculation=Calculation.MINIMUM), [x, high])


_OPTIONS = {
    Calculation.ADD: "AddOptions",
    Calculation.SUB: "SubOptions",
    Calculation.MUL: "MulOptions",
    Calculation.DIV: "DivOptions",
    Calculation.FLOOR_DIV: "FloorDivOptions",
    Calculation.FLOOR_MOD: "FloorModOptions",
    Calculation.MINIMUM: "MaximumMinimumOptions",
    Calculation.MAXIMUM: "MaximumMinimumOptions",
    Calculation.XOR: "",
    Calculation.SHIFT_RIGHT: "",
}


@exporter(Arithmetic)
def _to_tflite(op: Arithmetic, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write the operator of that name; ``cannot-export`` where TFLite has none."""
    if op.calculation in _WITHOUT_TFLITE:
        raise EdgecError(
            "cannot-export",
            f"TFLite has no {op.calculation} of int32",
            place=Place(inside=f"node {node.name!r}"),
            help="build without the .tflite file, or replace the operator in the model",
        )
    out.emit(op.calculation.value, node.inputs, node.outputs, _OPTIONS[op.calculation])
