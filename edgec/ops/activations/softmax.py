"""Softmax over the last axis; TFLite's fixed-point exponential for int8, its tables for int16."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, QParams, Signature, TensorType, ValueName
from edgec.ops.numerics.fixed_point import (
    doubling_high_multiply,
    quantize_multiplier,
    requantize,
    rounding_right_shift,
    saturate,
    wrap_int32,
)
from edgec.ops.numerics.fixed_point_exp import exp_of_negative, reciprocal
from edgec.ops.numerics.interpolation import interpolate, interpolated_table, saturate_int16
from edgec.ops.operator import INT8_AND_INT16, Operator, OutputRule, is_float
from edgec.ops.reductions.last_axis import import_over_axis
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite

_INTEGER_BITS = 5  # differences to the row's maximum are Q5.26
_ACCUMULATOR_BITS = 12  # sums of exponentials are Q12.19
_INT16_MAX = 2**15 - 1
_EXP_RANGE = 10.0  # the int16 exponential's
_WIDE_SCALE = 2.0**-16  # of the int16 that int8 becomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax(Operator):
    """x [...,C] -> [...,C]: exp(beta * x) / sum over the last axis of exp(beta * x).

    int8 in fixed point, output scale 1/256, zero point -128, or, where ``widens``, int16 with scale
    2**-16, zero point -32768; int16 by two tables, output scale 2**-15.
    Source: ONNX Softmax-13; TFLite 2.14 reference_ops::Softmax, SoftmaxInt16.
    """

    name: ClassVar[str] = "softmax"
    output_rule: ClassVar[OutputRule] = OutputRule.FIXED
    fixed_output: ClassVar[tuple[float, int] | None] = (1 / 256, -128)
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    beta: float = 1.0
    widens: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.rank < 1 or x.elements < 1:
            message = f"softmax of {x}"
            raise ValueError(message)
        return (TensorType(x.shape, DType.INT16 if self.widens else x.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype == np.int16:
            return (self._evaluate_int16(x, signature.inputs[0]),)
        if not is_float(signature.inputs[0]):
            return (self._evaluate_integer(x, signature.inputs[0]),)
        powers = np.exp((x - x.max(axis=-1, keepdims=True)) * np.float32(self.beta))
        return ((powers / powers.sum(axis=-1, keepdims=True)).astype(x.dtype),)

    def _evaluate_integer(self, x: Array, kind: TensorType) -> Array:
        multiplier, shift, smallest = self.rescale(kind)
        difference = x.astype(np.int64) - x.max(axis=-1, keepdims=True)
        scaled = doubling_high_multiply(wrap_int32(difference << shift), multiplier)
        seen = difference >= smallest
        powers = np.where(seen, exp_of_negative(np.where(seen, scaled, 0)), 0)
        total = rounding_right_shift(powers, _ACCUMULATOR_BITS).sum(axis=-1, keepdims=True)
        factor, excess = reciprocal(total, _ACCUMULATOR_BITS)
        limits = np.iinfo(np.int16 if self.widens else np.int8)
        right = excess + 31 - limits.bits
        y = rounding_right_shift(doubling_high_multiply(factor, powers), right)
        y = saturate(y + limits.min, limits.min, limits.max, limits.dtype)
        return np.where(seen, y, limits.min).astype(limits.dtype)

    def _evaluate_int16(self, x: Array, kind: TensorType) -> Array:
        difference = x.astype(np.int64) - x.max(axis=-1, keepdims=True)
        place = requantize(difference, *self.rescale_int16(kind)) + _INT16_MAX
        powers = interpolate(exp_table(), saturate_int16(place))
        total = powers.sum(axis=-1, keepdims=True)
        bits = np.frexp(total.astype(np.float64))[1].astype(np.int64)
        leading = ((total << (31 - bits)) + (1 << 13)) >> 14  # 17 bits, the first of them 1
        inverse = interpolate(reciprocal_table(), saturate_int16(leading - 3 * 2**15))
        y = (powers * inverse + (np.int64(1) << (bits - 2))) >> (bits - 1)
        return saturate(y, 0, _INT16_MAX, np.int16)

    def rescale_int16(self, kind: TensorType) -> tuple[int, int]:
        """Return multiplier and shift from ``kind`` to the steps of :func:`exp_table`."""
        return quantize_multiplier(kind.quantization.scale * self.beta / (_EXP_RANGE / 65535))

    def rescale(self, kind: TensorType) -> tuple[int, int, int]:
        """Return multiplier and left shift from ``kind`` to Q5.26, and the lowest difference used.

        Elements further below the row's maximum count as 0. TFLite: ``PreprocessSoftmaxScaling``.
        """
        factor = self.beta * kind.quantization.scale * 2.0 ** (31 - _INTEGER_BITS)
        multiplier, shift = quantize_multiplier(min(factor, 2.0**31 - 1))
        radius = ((2**_INTEGER_BITS - 1) << (31 - _INTEGER_BITS)) / 2**shift
        return multiplier, shift, -int(radius)

    @property
    def never_negative(self) -> bool:
        return True


def exp_table() -> Array:
    """Return exp(x) for x in [-10, 0], Q0.15: what lies below counts as its edge."""
    return interpolated_table(np.exp, -_EXP_RANGE, 0.0)


def reciprocal_table() -> Array:
    """Return 1 / (1 + x) for x in [0, 1], Q0.15."""
    return interpolated_table(lambda x: 1 / (1 + x), 0.0, 1.0)


describe_tflite("SOFTMAX", says=TfliteOperator(int8=2, int16=3))


@importer(Format.TFLITE, "SOFTMAX")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    kind = g.type(node.input(0))
    widens = (kind.dtype, *node.dtypes) == (DType.INT8, DType.INT16)
    op = Softmax(beta=node.number("beta", default=1.0), widens=widens)
    if kind.dtype is DType.INT8 and kind.qparams and op.beta * kind.qparams.scale * 2**26 <= 1:
        raise node.reject(
            f"beta {op.beta} times input scale {kind.qparams.scale} is too small for fixed point"
        )
    if widens and not is_wide_output(node.qparams[0]):
        raise node.reject(
            f"int8 to int16 with {node.qparams[0]}",
            code="unsupported-quantization",
            help="convert the model again: TFLite's kernel makes scale 1/65536, zero point -32768",
        )
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs, qparams=node.qparams)


def is_wide_output(q: QParams | None) -> bool:
    """Tell whether a quantization is what int8 becomes in int16, as TFLite 2.14 checks it."""
    if q is None or len(q.scales) > 1:
        return False
    near = abs(q.scale - _WIDE_SCALE) <= _WIDE_SCALE / 1000
    return near and q.zero_point == -(2**15)


@importer(Format.ONNX, "Softmax")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_over_axis(node, g, Softmax())


@exporter(Softmax)
def _to_tflite(op: Softmax, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("SOFTMAX", node.inputs, node.outputs, "SoftmaxOptions", Beta=op.beta)
