"""The largest or smallest elements along the last axis, in order, and where they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.numbers.expressions import Expression
from edgec.ops.numbers.plain import check_no_scale, with_inputs_in_32_bits
from edgec.ops.operator import INT8_AND_INT16, Operator, OutputRule
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import (
    Format,
    SourceNode,
    TfliteEmitter,
    exporter,
    importer,
    number_importer,
)
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class TopK(Operator):
    """x [...,A] -> values [...,count], indices [...,count] of int32: the largest of each row.

    They are in order, the largest first; with ``smallest`` the smallest are, the smallest first. Of
    equal elements the first comes first. Integers are compared as they are.
    Source: ONNX TopK-11; TFLite TOPK_V2.
    """

    name: ClassVar[str] = "top_k"
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    count: int
    smallest: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not x.rank or not 1 <= self.count <= x.shape[-1]:
            message = f"{self.count} of the last axis of {x}"
            raise ValueError(message)
        shape = (*x.shape[:-1], self.count)
        return (x.with_shape(shape), TensorType(shape, DType.INT32))

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if self.smallest:
            order = np.argsort(x, axis=-1, kind="stable")
        else:
            backwards = np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]
            order = x.shape[-1] - 1 - backwards
        places = order[..., : self.count]
        return (np.take_along_axis(x, places, axis=-1), places.astype(np.int32))


describe_tflite(
    "TOPK_V2", says=TfliteOperator(int8=2, int16=3, types=Types.ANY, options="TopKV2Options")
)


@importer(Format.TFLITE, "TOPK_V2")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    check_no_scale(node, g)
    read = with_inputs_in_32_bits(node, g)
    kind = g.type(read.input(0))
    if any(q is not None and q != kind.qparams for q in node.qparams[:1]):
        raise node.reject(
            "input and values differ in quantization",
            code="unsupported-quantization",
            help="convert the model again: TFLite's kernel demands one scale",
        )
    op = TopK(count=int(node.constant(g, 1).item()))
    return add_or_fold(read, g, op, [read.input(0)])


@importer(Format.ONNX, "TopK")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import rows along any axis; ``sorted`` = 0 leaves the order open, and gets one, too."""
    node.ignore("sorted")
    read = with_inputs_in_32_bits(node, g)
    count = int(node.constant(g, 1).item()) if len(node.inputs) > 1 else node.integer("k")
    op = TopK(count=count, smallest=not node.flag("largest", default=True))
    return along(read, g, op, node.integer("axis", default=-1))


def along(node: SourceNode, g: GraphBuilder, op: TopK, axis: int) -> Sequence[ValueName]:
    """Add the operator along an axis, which transposes make the last one and bring back."""
    x = node.input(0)
    rank = g.type(x).rank
    axis = checked_axis(node, axis, rank)
    names = [*node.outputs, f"{node.outputs[0]}/indices"][:2]
    if axis == rank - 1:
        made = _added(node, g, op, x, names)
        return made[: len(node.outputs)]
    swapped = list(range(rank))
    swapped[axis], swapped[-1] = swapped[-1], swapped[axis]
    turn = Transpose(perm=tuple(swapped))
    steps = Expression(node, g)
    results = _added(node, g, op, steps.add(turn, x), [f"{each}/last" for each in names])
    parts = [node.part(index) for index in range(len(node.outputs))]
    back = zip(parts, results, strict=False)
    return [add_or_fold(part, g, turn, [value])[0] for part, value in back]


def _added(
    node: SourceNode, g: GraphBuilder, op: TopK, x: ValueName, names: Sequence[str]
) -> Sequence[ValueName]:
    try:
        return g.add(op, [x], name=node.name, outputs=names)
    except ValueError as error:
        raise node.reject(str(error), code="malformed-model") from error


@number_importer(Format.ONNX, "ArgMax", "ArgMin")
@number_importer(Format.TFLITE, "ARG_MAX", "ARG_MIN")
def _place_of_a_number(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import the place of the largest or smallest number: the index of the first of one."""
    node.ignore("output_type")
    if node.flag("select_last_index", default=False) and node.format is Format.ONNX:
        raise node.reject("the last of equal numbers", help="export with select_last_index = 0")
    onnx = node.format is Format.ONNX
    axis = node.integer("axis", default=0) if onnx else int(node.constant(g, 1).item())
    keeps = onnx and node.flag("keepdims", default=True)
    read = with_inputs_in_32_bits(node, g)
    shape = list(g.type(read.input(0)).shape)
    axis = checked_axis(node, axis, len(shape))
    op = TopK(count=1, smallest=node.op in {"ArgMin", "ARG_MIN"})
    inner = _two_outputs(read)
    _, places = along(inner, g, op, axis)
    kept = [1 if each == axis else n for each, n in enumerate(shape)]
    target = kept if keeps else [n for each, n in enumerate(shape) if each != axis]
    return add_or_fold(node, g, Reshape(shape=tuple(target)), [places])


def _two_outputs(node: SourceNode) -> SourceNode:
    name = node.outputs[0]
    return SourceNode(
        node.format,
        node.op,
        f"{node.name}/top",
        node.inputs,
        (f"{name}/best", f"{name}/place"),
        {},
        node.place,
    )


@exporter(TopK)
def _to_tflite(op: TopK, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write TOPK_V2; ``cannot-export`` for the smallest, which it does not find."""
    if op.smallest:
        raise EdgecError(
            "cannot-export",
            "TFLite finds the largest elements, not the smallest",
            place=Place(inside=f"node {node.name!r}"),
            help="build without the .tflite file, or negate the values in the model",
        )
    count = out.constant(f"{node.name}/k", np.array(op.count, np.int32))
    out.emit("TOPK_V2", [*node.inputs, count], node.outputs, "TopKV2Options")
