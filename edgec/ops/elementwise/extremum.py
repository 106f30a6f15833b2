"""The larger or the smaller of two elements, with broadcasting."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.activations.clip import Clip, limit_by
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.broadcasting import broadcast_type
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import INT8_AND_INT16, Operator, OutputRule
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremum(Operator):
    """a [...], b [...] -> [...], broadcast: max(a, b), or min(a, b).

    Integers are compared as they are: inputs and output share one quantization.
    Source: ONNX Max-13, Min-13; TFLite MAXIMUM, MINIMUM.
    """

    name: ClassVar[str] = "extremum"
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    pointwise: ClassVar[bool] = True
    largest: bool = True

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (broadcast_type(inputs),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        a, b = inputs
        return (np.asarray(np.maximum(a, b) if self.largest else np.minimum(a, b)),)


@importer(Format.ONNX, "Max", "Min")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import any number of operands; a limit by one number becomes a Clip."""
    value, *others = sorted(node.present_inputs(), key=lambda each: _is_limit(each, g))
    for index, other in enumerate(others, start=2):
        last = index == len(node.inputs)
        step = node if last else replace(node, outputs=(f"{node.outputs[0]}/{index}",))
        (value,) = _of_two(step, g, value, other)
    return [value]


def _of_two(node: SourceNode, g: GraphBuilder, a: ValueName, b: ValueName) -> tuple[ValueName, ...]:
    largest = node.op in {"Max", "MAXIMUM"}
    limit, whole = g.constant_value(b), g.type(a)
    if limit is None or not _is_limit(b, g) or limit.ndim > whole.rank:
        return add_or_fold(node, g, Extremum(largest=largest), [a, b])
    bound = float(limit.item())
    return add_or_fold(node, g, Clip(low=bound) if largest else Clip(high=bound), [a])


def _is_limit(value: ValueName, g: GraphBuilder) -> bool:
    """Tell whether a value is one constant number."""
    array = g.constant_value(value)
    return array is not None and array.size == 1


describe_tflite(
    "MAXIMUM",
    "MINIMUM",
    says=TfliteOperator(int8=2, int16=4, alike=True, options="MaximumMinimumOptions"),
)


@importer(Format.TFLITE, "MAXIMUM", "MINIMUM")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    values = [node.input(0), node.input(1)]
    if len({g.type(value).qparams for value in values} | set(node.qparams)) > 1:
        raise node.reject(
            "inputs and output differ in quantization",
            code="unsupported-quantization",
            help="convert the model again: TFLite's kernel compares integers",
        )
    if values[0] == values[1]:  # a copy: exporters fill variables so
        if g.constant_value(values[0]) is not None:
            return values[:1]
        return add_or_fold(node, g, Reshape(shape=g.type(values[0]).shape), values[:1])
    limits = [i for i, value in enumerate(values) if _is_limit(value, g)]
    if len(limits) == 1:
        return limit_by(node, g, values[1 - limits[0]], values[limits[0]])
    return add_or_fold(node, g, Extremum(largest=node.op == "MAXIMUM"), values)


@exporter(Extremum)
def _to_tflite(op: Extremum, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    code = "MAXIMUM" if op.largest else "MINIMUM"
    out.emit(code, node.inputs, node.outputs, "MaximumMinimumOptions")
