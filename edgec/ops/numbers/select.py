"""Select: one of two elements, as a truth value says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.tile import broadcast
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.operator import INT8_AND_INT16, Operator, OutputRule
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Operator):
    """condition [...] of bool, a [...], b [...] -> [...], broadcast: a where it is true, else b.

    Integers stay as they are: a, b and the output share one quantization.
    Source: ONNX Where-16; TFLite SELECT, SELECT_V2.
    """

    name: ClassVar[str] = "select"
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    pointwise: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32, DType.BOOL})

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        condition, a, b = inputs
        if condition.dtype is not DType.BOOL or a.dtype is not b.dtype:
            message = f"select by {condition} of {a} and {b}"
            raise ValueError(message)
        shape = np.broadcast_shapes(condition.shape, a.shape, b.shape)
        return (TensorType(shape, a.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        condition, a, b = inputs
        return (np.asarray(np.where(condition != 0, a, b), a.dtype),)


@importer(Format.ONNX, "Where")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return selected(node, g, node.input(0), node.input(1), node.input(2))


describe_tflite("SELECT", says=TfliteOperator(int8=2, int16=2, types=Types.ANY))
describe_tflite("SELECT_V2", says=TfliteOperator(types=Types.ANY, options="SelectV2Options"))


@importer(Format.TFLITE, "SELECT_V2")
def _from_select_v2(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return selected(node, g, node.input(0), node.input(1), node.input(2))


@importer(Format.TFLITE, "SELECT")
def _from_select(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import a select whose condition may be a vector: one truth value for each first axis."""
    condition, a, b = (node.input(index) for index in range(3))
    shape, rank = g.type(condition).shape, g.type(a).rank
    if len(shape) == 1 and rank > 1:
        op = Reshape(shape=(*shape, *(1,) * (rank - 1)))
        (condition,) = add_or_fold(node.part(suffix="rows"), g, op, [condition])
    return selected(node, g, condition, a, b)


def selected(
    node: SourceNode, g: GraphBuilder, condition: ValueName, a: ValueName, b: ValueName
) -> Sequence[ValueName]:
    """Add a select; where the condition is known and alike everywhere, the operand it takes."""
    known = g.constant_value(condition)
    a, b = in_32_bits(g, a), in_32_bits(g, b)
    if known is not None and bool(known.any()) == bool(known.all()):
        shapes = [g.type(each).shape for each in (condition, a, b)]
        try:
            shape = np.broadcast_shapes(*shapes)
        except ValueError as error:
            raise node.reject(f"shapes {shapes} do not fit", code="malformed-model") from error
        return broadcast(node, g, a if known.all() else b, shape)
    return add_or_fold(node, g, Select(), [condition, a, b])


@exporter(Select)
def _to_tflite(op: Select, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write SELECT where all shapes are one, else SELECT_V2, which broadcasts."""
    kinds = [*signature.inputs, signature.output]
    if len({kind.shape for kind in kinds}) == 1:
        out.emit("SELECT", node.inputs, node.outputs, "SelectOptions")
    else:
        out.emit("SELECT_V2", node.inputs, node.outputs, "SelectV2Options")
