"""Logic: truth values joined and turned round."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.broadcasting import broadcast_type
from edgec.ops.numbers.compare import Compare, Relation
from edgec.ops.operator import Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(Operator):
    """a [...], b [...] of bool -> [...] of bool, broadcast: a and b, or a or b unless ``both``.

    Whether two truth values differ is a :class:`Compare`.
    Source: ONNX And-7, Or-7; TFLite LOGICAL_AND, LOGICAL_OR.
    """

    name: ClassVar[str] = "logic"
    pointwise: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.BOOL})
    both: bool = True

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        kind = broadcast_type(inputs)
        if kind.dtype is not DType.BOOL:
            message = f"logic of {kind}"
            raise ValueError(message)
        return (kind,)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        a, b = (each != 0 for each in inputs)
        return (np.asarray(a & b if self.both else a | b),)


describe_tflite("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT", says=TfliteOperator(types=Types.ANY))


@importer(Format.ONNX, "And", "Or")
@importer(Format.TFLITE, "LOGICAL_AND", "LOGICAL_OR")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    op = Logic(both=node.op in {"And", "LOGICAL_AND"})
    return add_or_fold(node, g, op, [node.input(0), node.input(1)])


@importer(Format.ONNX, "Xor")
def _differ(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    op = Compare(relation=Relation.NOT_EQUAL)
    return add_or_fold(node, g, op, [node.input(0), node.input(1)])


@importer(Format.ONNX, "Not")
@importer(Format.TFLITE, "LOGICAL_NOT")
def _not(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    false = g.constant(f"{node.name}/false", np.array(False))
    return add_or_fold(node, g, Compare(relation=Relation.EQUAL), [node.input(0), false])


@exporter(Logic)
def _to_tflite(op: Logic, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    code, table = ("LOGICAL_AND", "LogicalAnd") if op.both else ("LOGICAL_OR", "LogicalOr")
    out.emit(code, node.inputs, node.outputs, f"{table}Options")
