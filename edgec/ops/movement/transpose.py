"""Transpose: permutes axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.operator import INT8_AND_INT16, PLAIN_NUMBERS, Operator, OutputRule
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, beyond_rank_4, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Transpose(Operator):
    """x [...] -> [...]: output.shape[i] = input.shape[perm[i]], as NumPy defines it.

    Source: ONNX Transpose-25; TFLite TRANSPOSE.
    """

    name: ClassVar[str] = "transpose"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = PLAIN_NUMBERS
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    moves_only: ClassVar[bool] = True
    perm: tuple[int, ...]

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if sorted(self.perm) != list(range(x.rank)):
            message = f"perm {self.perm} does not permute the axes of {x}"
            raise ValueError(message)
        return (x.with_shape([x.shape[axis] for axis in self.perm]),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        return (np.ascontiguousarray(x.transpose(self.perm)).reshape(signature.output.shape),)

    def is_copy(self, signature: Signature) -> bool:
        return self.perm == tuple(sorted(self.perm))

    def stacked(self, samples: int) -> "Transpose":
        return Transpose(perm=(0, *(axis + 1 for axis in self.perm)))


@importer(Format.ONNX, "Transpose")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(0)
    perm = node.integers("perm", default=tuple(reversed(range(g.type(x).rank))))
    return g.add(Transpose(perm=perm), [x], name=node.name, outputs=node.outputs)


describe_tflite(
    "TRANSPOSE", says=TfliteOperator(int8=2, int16=5, since=((4, beyond_rank_4),), types=Types.ANY)
)


@importer(Format.TFLITE, "TRANSPOSE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    perm = node.constant(g, 1)
    op = Transpose(perm=tuple(int(axis) for axis in perm))
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs, qparams=node.qparams)


@exporter(Transpose)
def _to_tflite(op: Transpose, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    perm = out.constant(f"{node.name}/perm", np.array(op.perm, np.int32))
    out.emit("TRANSPOSE", [*node.inputs, perm], node.outputs, "TransposeOptions")
