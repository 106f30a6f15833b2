"""Largest or smallest element over some axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.operator import INT8_AND_INT16, OutputRule
from edgec.ops.reductions.reduction import Reduction, import_reduction
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceExtremum(Reduction):
    """x [...] -> [...]: the largest element along ``axes``, or the smallest.

    The axes become 1 or go away. Integers are compared as they are: input and output share one
    quantization.
    Source: ONNX ReduceMax-20, ReduceMin-20; TFLite REDUCE_MAX, REDUCE_MIN.
    """

    name: ClassVar[str] = "reduce_extremum"
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    largest: bool = True

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        reduce = np.max if self.largest else np.min
        return (np.asarray(reduce(x, axis=self.axes, keepdims=self.keep_dims), x.dtype),)


describe_tflite(
    "REDUCE_MAX", "REDUCE_MIN", says=TfliteOperator(int8=2, int16=3, options="ReducerOptions")
)


@importer(Format.ONNX, "ReduceMax", "ReduceMin")
@importer(Format.TFLITE, "REDUCE_MAX", "REDUCE_MIN")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    largest = node.op in {"ReduceMax", "REDUCE_MAX"}
    if any(each != g.type(node.input(0)).qparams for each in node.qparams):
        raise node.reject(
            "input and output differ in quantization",
            code="unsupported-quantization",
            help="convert the model again: TFLite's kernel demands one scale",
        )
    return import_reduction(
        node,
        g,
        lambda axes, keep: ReduceExtremum(axes=axes, keep_dims=keep, largest=largest),
    )


@exporter(ReduceExtremum)
def _to_tflite(op: ReduceExtremum, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    code = "REDUCE_MAX" if op.largest else "REDUCE_MIN"
    axes = out.constant(f"{node.name}/axes", np.array(op.axes, np.int32))
    out.emit(code, [*node.inputs, axes], node.outputs, "ReducerOptions", KeepDims=op.keep_dims)
