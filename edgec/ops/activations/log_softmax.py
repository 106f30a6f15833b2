"""Logarithm of the softmax over the last axis, in TFLite's fixed point for int8."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.activations.softmax import Softmax
from edgec.ops.numerics.fixed_point import doubling_high_multiply, rounding_right_shift, wrap_int32
from edgec.ops.numerics.fixed_point_exp import exp_of_negative
from edgec.ops.numerics.fixed_point_log import log_from_one
from edgec.ops.operator import Operator, OutputRule, is_float
from edgec.ops.reductions.last_axis import import_over_axis
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite

_ACCUMULATOR_BITS = 12  # sums of exponentials are Q12.19
_OUTPUT_SHIFT = 31 - 5 - 4  # from Q5.26 to steps of 1/16
_OUTPUT_ZERO = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSoftmax(Operator):
    """x [...,C] -> [...,C]: x - log(sum over the last axis of exp(x)).

    int8 in fixed point: the output has scale 16/256 and zero point 127, so it holds [-15.94, 0].
    Source: ONNX LogSoftmax-13; TFLite 2.14 reference_integer_ops::LogSoftmax.
    """

    name: ClassVar[str] = "log_softmax"
    output_rule: ClassVar[OutputRule] = OutputRule.FIXED
    fixed_output: ClassVar[tuple[float, int] | None] = (16 / 256, _OUTPUT_ZERO)

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return Softmax().infer(inputs)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if not is_float(signature.inputs[0]):
            return (self._evaluate_integer(x, signature.inputs[0]),)
        shifted = (x - x.max(axis=-1, keepdims=True)).astype(np.float64)
        y = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return (y.astype(x.dtype),)

    def _evaluate_integer(self, x: Array, kind: TensorType) -> Array:
        multiplier, shift, smallest = Softmax().rescale(kind)
        difference = x.astype(np.int64) - x.max(axis=-1, keepdims=True)
        seen = difference >= smallest
        scaled = doubling_high_multiply(wrap_int32(difference << shift), multiplier)
        powers = np.where(seen, exp_of_negative(np.where(seen, scaled, 0)), 0)
        total = rounding_right_shift(powers, _ACCUMULATOR_BITS).sum(axis=-1, keepdims=True)
        y = scaled - log_from_one(total, _ACCUMULATOR_BITS)
        steps = rounding_right_shift(y, _OUTPUT_SHIFT) + _OUTPUT_ZERO
        return np.where(seen, np.clip(steps, -128, 127), -128).astype(np.int8)


describe_tflite("LOG_SOFTMAX", says=TfliteOperator(int8=2, int16=2))


@importer(Format.TFLITE, "LOG_SOFTMAX")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(0)
    kind = g.type(x)
    if kind.qparams is not None and kind.qparams.scale * 2**26 <= 1:
        raise node.reject(f"input scale {kind.qparams.scale} is too small for fixed point")
    return g.add(LogSoftmax(), [x], name=node.name, outputs=node.outputs, qparams=node.qparams)


@importer(Format.ONNX, "LogSoftmax")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_over_axis(node, g, LogSoftmax())


@exporter(LogSoftmax)
def _to_tflite(op: LogSoftmax, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("LOG_SOFTMAX", node.inputs, node.outputs, "LogSoftmaxOptions")
