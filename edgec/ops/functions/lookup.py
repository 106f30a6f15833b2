"""Lookup: any function of one integer, given by its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.functions.unary import emit_samples, emit_table
from edgec.ops.numerics.interpolation import interpolate
from edgec.ops.operator import INT8_AND_INT16, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer

_ENTRIES = {DType.INT8: 256, DType.INT16: 513}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Operator):
    """x [...], table [256] or [513] -> [...]: a function of one integer, given by its table.

    x and table have one type. int8: table[x + 128], one of 256. int16: interpolated between two of
    513 samples, which are 128 apart.
    Source: what edgec writes for functions that TFLite lacks; int16 is interpolated as TFLite does
    it for the functions that it has.
    """

    name: ClassVar[str] = "lookup"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, table = inputs
        if x.dtype is not table.dtype or table.shape != (_ENTRIES.get(x.dtype),):
            message = f"lookup of {x} in {table}"
            raise ValueError(message)
        return (TensorType(x.shape, table.dtype, table.qparams),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, table = inputs
        if x.dtype == np.int16:
            return (interpolate(table, x).astype(np.int16),)
        return (table[x.astype(np.int32) + 128],)

    def permuted(self, perm: Sequence[int]) -> "Lookup":
        return self


@importer(Format.TFLITE, "EDGEC_TABLE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.constant(g, 1)
    return add_or_fold(node, g, Lookup(), [node.input(0), node.input(1)])


@importer(Format.TFLITE, "EDGEC_SAMPLES")
def _from_samples(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import what :func:`~edgec.ops.functions.unary.emit_samples` writes: starts and slopes."""
    starts, slopes = (node.constant(g, i).astype(np.int64) for i in (1, 2))
    table = (starts - 64) // 128
    table = np.append(table, table[-1:] + slopes[-1:])
    limits = np.iinfo(np.int16)
    if np.any(np.diff(table) != slopes) or table.min() < limits.min or table.max() > limits.max:
        raise node.reject("starts and slopes do not go together", code="malformed-model")
    data = g.constant(f"{node.name}/samples", table.astype(np.int16), node.qparams[0])
    return add_or_fold(node, g, Lookup(), [node.input(0), data])


@exporter(Lookup)
def _to_tflite(op: Lookup, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    if signature.output.dtype is DType.INT16:
        emit_samples(node, signature, out.constant_value(node.inputs[1]), out)
    else:
        emit_table(node, signature, node.inputs[1], out)
