"""Gather: the elements of a tensor at constant places along one axis.

Evenly spaced places become a :class:`Slice`, which needs no table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.numbers.gather_rows import rows_at_run_time
from edgec.ops.operator import INT8_AND_INT16, PLAIN_NUMBERS, Operator, OutputRule
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

_LONGEST_TABLE = 1 << 20  # places: 4 MiB of flash


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(Operator):
    """x [...,A,...] -> [...,I,...]: element i along ``axis`` is element ``indices[i]`` of x.

    The I indices are constants, in [0, A).
    Source: ONNX Gather-13, GatherND-13; TFLite GATHER, GATHER_ND.
    """

    name: ClassVar[str] = "gather"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = PLAIN_NUMBERS
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    moves_only: ClassVar[bool] = True
    axis: int
    indices: tuple[int, ...]

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        extent = x.shape[self.axis] if 0 <= self.axis < x.rank else 0
        if any(not 0 <= index < extent for index in self.indices):
            message = f"{self} of {x}"
            raise ValueError(message)
        shape = (*x.shape[: self.axis], len(self.indices), *x.shape[self.axis + 1 :])
        return (x.with_shape(shape),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        return (np.take(x, np.array(self.indices, np.int64), axis=self.axis),)

    def permuted(self, perm: Sequence[int]) -> "Gather":
        return Gather(axis=tuple(perm).index(self.axis), indices=self.indices)

    def __str__(self) -> str:
        return f"gather(axis={self.axis}, {len(self.indices)} indices)"


@importer(Format.ONNX, "Gather")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    axis = node.integer("axis", default=0)
    if g.constant_value(node.input(1)) is None:
        return rows_at_run_time(node, g, axis)
    return gathered(node, g, node.input(0), axis, node.constant(g, 1))


describe_tflite("GATHER", says=TfliteOperator(int8=2, int16=4, types=Types.ANY))
describe_tflite("GATHER_ND", says=TfliteOperator(types=Types.ANY))


@importer(Format.TFLITE, "GATHER")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    axis = node.integer("axis", 0)
    if g.constant_value(node.input(1)) is None:
        return rows_at_run_time(node, g, axis)
    _no_batch(node)
    return gathered(node, g, node.input(0), axis, node.constant(g, 1))


def gather_nd(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Add a gather of constant places along several axes as places along these axes made one."""
    x = node.input(0)
    shape = g.type(x).shape
    places = _with_batches(node, node.constant(g, 1), shape)
    depth = places.shape[-1] if places.ndim else 0
    if not 1 <= depth <= len(shape):
        message = f"indices {places.shape} into {shape}"
        raise node.reject(message, code="malformed-model")
    extents = np.array(shape[:depth], np.int64)
    if ((places < -extents) | (places >= extents)).any():
        raise node.reject(f"an index is outside {shape[:depth]}", code="malformed-model")
    steps = [prod(shape[axis + 1 : depth]) for axis in range(depth)]
    flat = (places % extents) @ np.array(steps, np.int64)
    merged = Reshape(shape=(prod(shape[:depth]), *shape[depth:]))
    (rows,) = add_or_fold(node.part(suffix="rows"), g, merged, [x])
    return gathered(node, g, rows, 0, flat)


def _with_batches(node: SourceNode, places: Array, shape: Sequence[int]) -> Array:
    """Return places that also state where they are along the batch axes, which come first."""
    batches = node.integer("batch_dims", 0)
    if not 0 <= batches < max(places.ndim, 1) or places.shape[:batches] != tuple(shape[:batches]):
        message = f"batch_dims = {batches} of {shape} with indices {places.shape}"
        raise node.reject(message, code="malformed-model")
    own = np.indices(places.shape[:-1])[:batches] if batches else np.empty((0, *places.shape[:-1]))
    full = np.concatenate([np.moveaxis(own, 0, -1), places], axis=-1)
    return np.asarray(full, np.int64)


def _no_batch(node: SourceNode) -> None:
    if node.integer("batch_dims", 0):
        raise node.reject(
            f"batch_dims = {node.integer('batch_dims')}", help="gather with batch_dims = 0"
        )


def gathered(
    node: SourceNode, g: GraphBuilder, x: ValueName, axis: int, indices: Array
) -> Sequence[ValueName]:
    """Add what takes ``indices`` of any rank along ``axis``; they take the place of the axis."""
    shape = g.type(x).shape
    axis = checked_axis(node, axis, len(shape))
    extent = shape[axis]
    check_table(node, indices.size)
    flat = [int(index) for index in indices.flat]
    if any(not -extent <= index < extent for index in flat):
        raise node.reject(f"an index is outside the {extent} elements", code="malformed-model")
    if not flat and g.constant_value(x) is None:
        raise node.reject("no indices", code="unsupported-shape", help="gather something")
    op = _taken(shape, axis, [index % extent for index in flat])
    target = (*shape[:axis], *indices.shape, *shape[axis + 1 :])
    if indices.ndim == 1:
        return add_or_fold(node, g, op, [x])
    part = add_or_fold(node.part(suffix="gather"), g, op, [x])
    return add_or_fold(node, g, Reshape(shape=target), part)


def check_table(node: SourceNode, places: int) -> None:
    """Reject a table of places that no flash can hold, before it is made."""
    if places > _LONGEST_TABLE:
        raise node.reject(f"a table of {places} places", code="model-too-large")


def _taken(shape: Sequence[int], axis: int, indices: Sequence[int]) -> Operator:
    steps = {second - first for first, second in pairwise(indices)} or {1}
    if len(steps) == 1 and steps != {0} and indices:
        return Slice.whole(shape).along(axis, indices[0], len(indices), steps.pop())
    return Gather(axis=axis, indices=tuple(indices))


@exporter(Gather)
def _to_tflite(op: Gather, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    indices = out.constant(f"{node.name}/indices", np.array(op.indices, np.int32))
    out.emit("GATHER", [*node.inputs, indices], node.outputs, "GatherOptions", Axis=op.axis)
