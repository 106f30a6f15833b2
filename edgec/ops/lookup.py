"""Lookup: any function of one int8 element, given by its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.base import Operator
from edgec.ops.constants import add_or_fold
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.unary import emit_table

_ENTRIES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Operator):
    """x; table, both int8 -> table[x + 128]. The table has 256 entries."""

    name: ClassVar[str] = "lookup"

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, table = inputs
        if (x.dtype, table.dtype, table.shape) != (DType.INT8, DType.INT8, (_ENTRIES,)):
            message = f"lookup of {x} in {table}"
            raise ValueError(message)
        return (TensorType(x.shape, table.dtype, table.qparams),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, table = inputs
        return (table[x.astype(np.int32) + 128],)

    def permuted(self, perm: Sequence[int]) -> "Lookup":
        return self


@importer(Format.TFLITE, "EDGEC_TABLE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.constant(g, 1)
    return add_or_fold(node, g, Lookup(), [node.input(0), node.input(1)])


@exporter(Lookup)
def _to_tflite(op: Lookup, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    emit_table(node, signature, node.inputs[1], out)
