"""Addition of two tensors with broadcasting and an optional fused activation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.elementwise.broadcasting import (
    broadcast_type,
    centered,
    fused_activation,
    import_elementwise,
)
from edgec.ops.numerics.fixed_point import (
    Int64,
    quantize_multiplier,
    requantize,
    saturate,
    wrap_int32,
)
from edgec.ops.operator import INT8_AND_INT16, Activation, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite

_LEFT_SHIFTS = {DType.INT8: 20, DType.INT16: 15}


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Operator):
    """a [...], b [...] -> [...], broadcast: a + b, then the fused activation.

    Integers: both operands are raised by 2**20 (int16: 2**15) and brought to twice the larger
    scale; three multipliers in all, their factors in double.
    Source: ONNX Add-14; TFLite 2.14 reference_integer_ops::Add, for int16 ADD without
    pot_scale_int16.
    """

    name: ClassVar[str] = "add"
    pointwise: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    activation: Activation = Activation.NONE

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (broadcast_type(inputs),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        if signature.output.qparams is None:
            return (self.activation.apply(np.asarray(inputs[0] + inputs[1])),)
        a, b = on_common_scale(inputs, signature)
        return (saturated_sum(a + b, signature, self.activation),)

    def carries_factors(self, signature: Signature) -> bool:
        return all(each.shape == signature.output.shape for each in signature.inputs)


def left_shift(kind: TensorType) -> int:
    """Return the bits that both operands are raised by before they come to a common scale."""
    return _LEFT_SHIFTS[kind.dtype]


def on_common_scale(inputs: Sequence[Array], signature: Signature) -> tuple[Int64, Int64]:
    """Return both operands as int32 steps of 2 * larger scale / 2**left_shift."""
    factors, raised = sum_factors(signature)[:2], left_shift(signature.output)
    a, b = (
        requantize(x << raised, *quantize_multiplier(factor))
        for x, factor in zip(centered(inputs, signature), factors, strict=True)
    )
    return a, b


def saturated_sum(total: Int64, signature: Signature, activation: Activation) -> Array:
    """Return a sum or difference on the common scale as integers of the output."""
    output = signature.output
    multiplier, shift = quantize_multiplier(sum_factors(signature)[2])
    y = requantize(wrap_int32(total), multiplier, shift) + output.quantization.zero_point
    return saturate(y, *activation.quantized_bounds(output), output.dtype.numpy)


def sum_factors(signature: Signature) -> tuple[float, float, float]:
    """Return the factors of both inputs and of the output, in double."""
    a, b = (kind.quantization.scale for kind in signature.inputs)
    common, steps = 2 * max(a, b), 2 ** left_shift(signature.output)
    return a / common, b / common, common / (steps * signature.output.quantization.scale)


def check_general_scales(node: SourceNode, g: GraphBuilder) -> None:
    """Reject int16 sums that TFLite computes in an older way: all three scales are powers of 2."""
    marked = node.flag("pot_scale_int16", default=True)
    kinds = [g.type(value).qparams for value in node.present_inputs()] + list(node.qparams)
    scales = [q.scale for q in kinds if q is not None]
    if marked and node.dtypes[:1] == (DType.INT16,) and all(map(_is_power_of_two, scales)):
        raise node.reject(
            f"int16 scales {', '.join(map(str, scales))}: powers of two have a rule of their own",
            code="unsupported-quantization",
            help="convert the model with a current TFLite converter, which does without",
        )


def _is_power_of_two(scale: float) -> bool:
    return math.frexp(scale)[0] == 0.5  # noqa: PLR2004


@importer(Format.ONNX, "Add")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_elementwise(node, g, Add())


describe_tflite("ADD", says=TfliteOperator(int8=2, int16=3, alike=True))


@importer(Format.TFLITE, "ADD")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    check_general_scales(node, g)
    return import_elementwise(node, g, Add(activation=fused_activation(node)))


@exporter(Add)
def _to_tflite(op: Add, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    emit_sum("ADD", op.activation, node, out)


def emit_sum(code: str, activation: Activation, node: Node, out: TfliteEmitter) -> None:
    """Write ADD or SUB; int16 by the same rule as int8."""
    out.emit(
        code,
        node.inputs,
        node.outputs,
        f"{code.capitalize()}Options",
        FusedActivationFunction=activation.value,
        PotScaleInt16=False,
    )
