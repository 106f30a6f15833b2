"""Sums, products and extremes of plain numbers over some axes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.numbers.cast import Cast
from edgec.ops.numbers.expressions import Expression
from edgec.ops.numbers.plain import with_inputs_in_32_bits
from edgec.ops.numerics.fixed_point import wrap_int32
from edgec.ops.reductions.reduction import Reduction, import_reduction
from edgec.ops.registry import (
    Format,
    SourceNode,
    TfliteEmitter,
    exporter,
    importer,
    number_importer,
)
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite


class Total(Enum):
    """What is made of many numbers; the value is how TFLite calls it."""

    SUM = "SUM"
    MAXIMUM = "REDUCE_MAX"
    MINIMUM = "REDUCE_MIN"

    def __str__(self) -> str:
        return self.value.lower()


_UFUNCS: dict[Total, np.ufunc] = {
    Total.SUM: np.add,
    Total.MAXIMUM: np.maximum,
    Total.MINIMUM: np.minimum,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceNumbers(Reduction):
    """x [...] of int32 -> [...] of int32: sum, largest or smallest over ``axes``.

    The axes become 1 or go away. Sums wrap around.
    Source: ONNX ReduceSum-13, ReduceMax-20, ReduceMin-20 of integers; TFLite SUM, REDUCE_MAX,
    REDUCE_MIN of int32, REDUCE_ANY, REDUCE_ALL.
    """

    name: ClassVar[str] = "reduce_numbers"
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    total: Total

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        wide = inputs[0].astype(np.int64)
        joined = _UFUNCS[self.total].reduce(wide, axis=self.axes, keepdims=self.keep_dims)
        result = np.asarray(joined)
        return (np.asarray(wrap_int32(result), np.int32),)


_TOTALS = {
    "ReduceSum": Total.SUM,
    "ReduceMax": Total.MAXIMUM,
    "ReduceMin": Total.MINIMUM,
    "SUM": Total.SUM,
    "REDUCE_MAX": Total.MAXIMUM,
    "REDUCE_MIN": Total.MINIMUM,
    "REDUCE_ANY": Total.MAXIMUM,
    "REDUCE_ALL": Total.MINIMUM,
}

describe_tflite(
    "REDUCE_ANY", "REDUCE_ALL", says=TfliteOperator(types=Types.ANY, options="ReducerOptions")
)


@number_importer(Format.ONNX, "ReduceSum", "ReduceMax", "ReduceMin")
@number_importer(Format.TFLITE, "SUM", "REDUCE_MAX", "REDUCE_MIN")
@importer(Format.TFLITE, "REDUCE_ANY", "REDUCE_ALL")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import a reduction; of truth values any is the largest of 0 and 1, and all the smallest."""
    total = _TOTALS[node.op]
    read = with_inputs_in_32_bits(node, g)

    def make(axes: tuple[int, ...], keep: bool) -> ReduceNumbers:
        return ReduceNumbers(axes=axes, keep_dims=keep, total=total)

    if g.type(read.input(0)).dtype is not DType.BOOL:
        return import_reduction(read, g, make)
    steps = Expression(node, g)
    counted = steps.add(Cast(dtype=DType.INT32), read.input(0))
    inner = replace(
        read,
        inputs=(counted, *read.inputs[1:]),
        name=f"{node.name}/number",
        outputs=(f"{node.outputs[0]}/number",),
    )
    (number,) = import_reduction(inner, g, make)
    return add_or_fold(node, g, Cast(dtype=DType.BOOL), [number])


@exporter(ReduceNumbers)
def _to_tflite(op: ReduceNumbers, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    axes = out.constant(f"{node.name}/axes", np.array(op.axes, np.int32))
    fields = {"KeepDims": op.keep_dims}
    out.emit(op.total.value, [*node.inputs, axes], node.outputs, "ReducerOptions", **fields)
