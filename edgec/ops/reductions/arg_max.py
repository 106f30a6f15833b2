"""The place of the largest (or smallest) element along an axis."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import INT8_AND_INT16, Operator
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgMax(Operator):
    """x [...,A,...] -> [...,1,...]: the index of the largest element along ``axis``, of extent A.

    With ``smallest`` that of the smallest. Of equal elements the first counts, or the ``last``.
    Indices have the element type the source model asks for: int32, or int64 as ONNX always has it.
    Source: ONNX ArgMax-13, ArgMin-13; TFLite ARG_MAX, ARG_MIN, which drop the axis.
    """

    name: ClassVar[str] = "arg_max"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    axis: int
    dtype: DType = DType.INT32
    smallest: bool = False
    last: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not 0 <= self.axis < x.rank or not x.shape[self.axis]:
            message = f"{self} of {x}"
            raise ValueError(message)
        shape = [1 if axis == self.axis else extent for axis, extent in enumerate(x.shape)]
        return (TensorType(tuple(shape), self.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        best = np.argmin if self.smallest else np.argmax
        if self.last:
            backwards = best(np.flip(x, self.axis), axis=self.axis, keepdims=True)
            return ((x.shape[self.axis] - 1 - backwards).astype(self.dtype.numpy),)
        return (best(x, axis=self.axis, keepdims=True).astype(self.dtype.numpy),)

    def permuted(self, perm: Sequence[int]) -> "ArgMax":
        return replace(self, axis=tuple(perm).index(self.axis))

    def __str__(self) -> str:
        which = ("last_" if self.last else "") + ("smallest" if self.smallest else "largest")
        return f"arg_max(axis={self.axis}, {which}, {self.dtype.value})"


@importer(Format.ONNX, "ArgMax", "ArgMin")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    op = ArgMax(
        axis=checked_axis(node, node.integer("axis", default=0), g.type(node.input(0)).rank),
        dtype=DType.INT64,
        smallest=node.op == "ArgMin",
        last=node.flag("select_last_index", default=False),
    )
    return _add(node, g, op, keep=node.flag("keepdims", default=True))


describe_tflite("ARG_MAX", "ARG_MIN", says=TfliteOperator(int8=2, int16=2))


@importer(Format.TFLITE, "ARG_MAX", "ARG_MIN")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("output_type")  # the type of the output tensor says the same
    axis = checked_axis(node, node.constant(g, 1).item(), g.type(node.input(0)).rank)
    dtype = DType.INT64 if DType.INT64 in node.dtypes else DType.INT32
    op = ArgMax(axis=axis, dtype=dtype, smallest=node.op == "ARG_MIN")
    return _add(node, g, op, keep=False)


def _add(node: SourceNode, g: GraphBuilder, op: ArgMax, *, keep: bool) -> Sequence[ValueName]:
    """Add the operator; where the axis is to go, a reshape behind it, which moves no data."""
    x = node.input(0)
    if keep:
        return add_or_fold(node, g, op, [x])
    shape = g.type(x).shape
    kept = add_or_fold(node.part(suffix="kept"), g, op, [x])
    return add_or_fold(node, g, Reshape(shape=(*shape[: op.axis], *shape[op.axis + 1 :])), kept)


@exporter(ArgMax)
def _to_tflite(op: ArgMax, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write ARG_MAX, which drops the axis, and a RESHAPE that brings it back.

    The interpreter has none for int16, but for the same numbers in int32.
    """
    if op.last:
        raise EdgecError(
            "cannot-export",
            "TFLite has no arg max that picks the last of equal elements",
            place=Place(inside=f"node {node.name!r}"),
            help="export the model with select_last_index = 0",
        )
    y = signature.output
    shape = [extent for axis, extent in enumerate(y.shape) if axis != op.axis]
    axis = out.constant(f"{node.name}/axis", np.array(op.axis, np.int32))
    dropped = out.temporary(f"{node.name}/dropped", y.with_shape(shape))
    code, table = ("ARG_MIN", "ArgMinOptions") if op.smallest else ("ARG_MAX", "ArgMaxOptions")
    out.emit(code, [_known(node, signature, out), axis], [dropped], table, OutputType=op.dtype.name)
    kept = out.constant(f"{node.name}/shape", np.array(y.shape, np.int32))
    out.emit("RESHAPE", [dropped, kept], node.outputs, "ReshapeOptions")


def _known(node: Node, signature: Signature, out: TfliteEmitter) -> ValueName:
    """Return the input in a type that the interpreter compares."""
    (x,) = signature.inputs
    if x.dtype is not DType.INT16:
        return node.inputs[0]
    wide = out.temporary(f"{node.name}/int32", TensorType(x.shape, DType.INT32))
    types = {"InDataType": "INT16", "OutDataType": "INT32"}
    out.emit("CAST", node.inputs, [wide], "CastOptions", **types)
    return wide
