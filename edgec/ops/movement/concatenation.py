"""Concatenation of tensors along one axis."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.operator import INT8_AND_INT16, PLAIN_NUMBERS, Operator, OutputRule
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

MOST_JOINED = 16  # tensors that kernels take at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Concatenation(Operator):
    """[...,A,...], [...,B,...], ... -> [...,A+B+...,...]: one or more tensors, one after the other.

    They differ in ``axis`` only. Quantized inputs and the output share one scale and zero point:
    bytes are copied.
    Source: ONNX Concat-13; TFLite CONCATENATION, and PACK of reshaped tensors.
    """

    name: ClassVar[str] = "concatenation"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = PLAIN_NUMBERS
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    axis: int

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        first = inputs[0]
        if not 0 <= self.axis < first.rank or any(not self._fits(first, x) for x in inputs):
            message = f"concatenation of {', '.join(map(str, inputs))} along axis {self.axis}"
            raise ValueError(message)
        shape = list(first.shape)
        shape[self.axis] = sum(x.shape[self.axis] for x in inputs)
        return (first.with_shape(shape),)

    def _fits(self, first: TensorType, x: TensorType) -> bool:
        axis = self.axis
        return (
            x.rank == first.rank
            and x.dtype is first.dtype
            and x.shape[:axis] == first.shape[:axis]
            and x.shape[axis + 1 :] == first.shape[axis + 1 :]
        )

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        return (np.concatenate(list(inputs), axis=self.axis),)

    def permuted(self, perm: Sequence[int]) -> "Concatenation":
        return replace(self, axis=tuple(perm).index(self.axis))

    def stacked(self, samples: int) -> "Concatenation":
        return replace(self, axis=self.axis + 1)

    def is_copy(self, signature: Signature) -> bool:
        return len(signature.inputs) == 1


describe_tflite("CONCATENATION", says=TfliteOperator(int8=2, int16=3, types=Types.ANY, alike=True))


@importer(Format.TFLITE, "CONCATENATION")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    activation = node.text("fused_activation_function", default="NONE")
    if activation != "NONE":
        raise node.reject(
            f"fused activation {activation} is not supported",
            help="put the activation in an operator of its own after the concatenation",
        )
    inputs = node.present_inputs()
    scales = {g.type(value).qparams for value in inputs} | set(node.qparams)
    if len(scales) > 1:
        raise node.reject(
            "inputs and output differ in quantization: "
            + ", ".join(sorted(f"{{{each}}}" for each in scales)),
            help="TFLite's int8 concatenation needs one scale; convert the model again",
        )
    return _concatenate(node, g, node.integer("axis"))


@importer(Format.ONNX, "Concat")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _concatenate(node, g, node.integer("axis"))


def _concatenate(node: SourceNode, g: GraphBuilder, axis: int) -> Sequence[ValueName]:
    """Add a concatenation of what has elements; many tensors are joined in groups."""
    inputs = node.present_inputs()
    if len({g.type(value).dtype for value in inputs}) > 1:  # constants of int64, computed int32
        inputs = tuple(in_32_bits(g, value) for value in inputs)
    kind = g.type(inputs[0])
    if not -kind.rank <= axis < kind.rank:
        raise node.reject(f"axis {axis} of a rank-{kind.rank} tensor", code="malformed-model")
    op = Concatenation(axis=axis % kind.rank)
    try:
        op.infer([g.type(value) for value in inputs])
    except ValueError as error:
        raise node.reject(str(error), code="malformed-model") from error
    full = [value for value in inputs if g.type(value).shape[op.axis]] or inputs[:1]
    groups = [full[i : i + MOST_JOINED] for i in range(0, len(full), MOST_JOINED)]
    while len(groups) > 1:
        parts = [
            add_or_fold(node.part(suffix=f"group{index}"), g, op, group)[0]
            if len(group) > 1
            else group[0]
            for index, group in enumerate(groups)
        ]
        groups = [parts[i : i + MOST_JOINED] for i in range(0, len(parts), MOST_JOINED)]
    return add_or_fold(node, g, op, groups[0])


@exporter(Concatenation)
def _to_tflite(op: Concatenation, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("CONCATENATION", node.inputs, node.outputs, "ConcatenationOptions", Axis=op.axis)
