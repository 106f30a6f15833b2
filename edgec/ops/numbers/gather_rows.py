"""Gather at places that are computed at run time: embeddings, lookups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.operator import INT8_AND_INT16, PLAIN_NUMBERS, Operator, OutputRule
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherRows(Operator):
    """x [...,A,...], indices [...] of int32 -> [...,indices...,...]: x at places along ``axis``.

    The first ``batch_dims`` axes of both are one: each row of indices takes from its own part of x.
    Negative places count from the end where ``wraps``. A place outside of x, where runtimes fail,
    is the nearest one in it.
    Source: ONNX Gather-13; TFLite GATHER, EMBEDDING_LOOKUP.
    """

    name: ClassVar[str] = "gather_rows"
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = PLAIN_NUMBERS
    axis: int = 0
    batch_dims: int = 0
    wraps: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, indices = inputs
        batch = self.batch_dims
        fits = 0 <= batch <= self.axis < x.rank and batch <= indices.rank and x.elements
        if not fits or x.shape[:batch] != indices.shape[:batch] or indices.dtype is not DType.INT32:
            message = f"{self} of {x} at {indices}"
            raise ValueError(message)
        shape = (*x.shape[: self.axis], *indices.shape[batch:], *x.shape[self.axis + 1 :])
        return (x.with_shape(shape),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, indices = inputs
        places = self.places(indices, x.shape[self.axis])
        batch, inner = self.batch_dims, self.axis - self.batch_dims
        if not batch:
            return (np.take(x, places, axis=self.axis),)
        rows = x.reshape(-1, *x.shape[batch:])
        wanted = places.reshape(-1, *places.shape[batch:])
        taken = [np.take(row, each, axis=inner) for row, each in zip(rows, wanted, strict=True)]
        stacked = np.stack(taken)
        return (stacked.reshape(*x.shape[:batch], *stacked.shape[1:]),)

    def places(self, indices: Array, extent: int) -> Array:
        """Return the places in [0, extent) that indices mean."""
        wide = indices.astype(np.int64)
        counted = np.where(wide < 0, wide + extent, wide) if self.wraps else wide
        return np.clip(counted, 0, extent - 1)


def rows_at_run_time(node: SourceNode, g: GraphBuilder, axis: int) -> Sequence[ValueName]:
    """Add a gather of input 0 at the places in input 1, under the names of a node."""
    x, indices = in_32_bits(g, node.input(0)), in_32_bits(g, node.input(1))
    batch = node.integer("batch_dims", 0) if node.format is Format.TFLITE else 0
    rank = g.type(indices).rank
    op = GatherRows(
        axis=checked_axis(node, axis, g.type(x).rank),
        batch_dims=batch + rank if batch < 0 else batch,
        wraps=node.format is Format.ONNX,
    )
    return add_or_fold(node, g, op, [x, indices])


describe_tflite("EMBEDDING_LOOKUP", says=TfliteOperator(types=Types.ANY))


@importer(Format.TFLITE, "EMBEDDING_LOOKUP")
def _embedding(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import rows of a table: TFLite has the indices first."""
    indices, table = in_32_bits(g, node.input(0)), node.input(1)
    if any(each != g.type(table).qparams for each in node.qparams):
        raise node.reject(
            "a table in another quantization than what is read of it",
            code="unsupported-quantization",
            help="convert the model without hybrid embeddings: with a representative dataset",
        )
    return add_or_fold(node, g, GatherRows(), [table, indices])


@exporter(GatherRows)
def _to_tflite(op: GatherRows, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write GATHER; where negative places count from the end, FLOOR_MOD before it.

    So the file's result differs only for places that are outside of x.
    """
    x, indices = node.inputs
    if op.wraps:
        kind = signature.inputs[1]
        extent = signature.inputs[0].shape[op.axis]
        divisor = out.constant(f"{node.name}/extent", np.array(extent, np.int32))
        places = out.temporary(f"{node.name}/places", kind)
        out.emit("FLOOR_MOD", [indices, divisor], [places], "FloorModOptions")
        indices = places
    fields = {"Axis": op.axis} | ({"BatchDims": op.batch_dims} if op.batch_dims else {})
    out.emit("GATHER", [x, indices], node.outputs, "GatherOptions", **fields)
