"""Scores of classes from sums: a second class where there is one sum, softmax, logistic."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.numerics.fixed_floats import fixed_of, float_of
from edgec.ops.numerics.fixed_point import Int64
from edgec.ops.numerics.fixed_point_exp import exp_of_negative, one_over_one_plus
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import TfliteEmitter, exporter

FRACTION = 26  # bits behind the point of what exp is computed of
LARGEST = (1 << 31) - 1
FAR = 1 << 61  # sums are told from each other up to 2**35
NEAR_ZERO = 1e-7  # what SOFTMAX_ZERO leaves at 0


class Pair(Enum):
    """How two scores come from one sum."""

    NONE = "none"
    COMPLEMENT = "complement"  # 1 - s, s
    OPPOSITE = "opposite"  # -s, s


class Transform(Enum):
    """What ONNX-ML calls ``post_transform``."""

    NONE = "NONE"
    SOFTMAX = "SOFTMAX"
    LOGISTIC = "LOGISTIC"
    SOFTMAX_ZERO = "SOFTMAX_ZERO"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores(Operator):
    """x [...,T] float32 -> [...,T], or [...,2] from one of the T: scores of classes.

    ``column`` of x makes the pair, where there is one. Then comes the transform; NaN is 0 before
    it. exp is computed in fixed point of 26 bits: scores are within 2e-7 of the real ones.
    Source: ONNX-ML post_transform (onnxruntime); gemmlowp's exp.
    """

    name: ClassVar[str] = "class_scores"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    pair: Pair = Pair.NONE
    column: int = 0
    transform: Transform = Transform.NONE

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not is_float(x) or not x.rank or not 0 <= self.column < x.shape[-1]:
            message = f"{self} of {x}"
            raise ValueError(message)
        scores = x.shape[-1] if self.pair is Pair.NONE else 2
        return (x.with_shape((*x.shape[:-1], scores)),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        sums = np.where(np.isnan(inputs[0]), np.float32(0), inputs[0]).astype(np.float32)
        one = sums[..., self.column]
        if self.pair is Pair.COMPLEMENT:
            sums = np.stack([np.float32(1) - one, one], axis=-1)
        elif self.pair is Pair.OPPOSITE:
            sums = np.stack([np.float32(0) - one, one], axis=-1)
        if self.transform is Transform.NONE:
            return (sums,)
        if self.transform is Transform.LOGISTIC:
            return (float_of(_logistic(sums), -31),)
        return (float_of(_softmax(sums, self.transform is Transform.SOFTMAX_ZERO), -31),)

    def stacked(self, samples: int) -> "ClassScores":
        return self

    def __str__(self) -> str:
        return f"class_scores({self.pair.value}, {self.transform.value})"


def _logistic(x: Array) -> Int64:
    """Return 1 / (1 + exp(-x)) in Q0.31."""
    fixed = fixed_of(x, FRACTION, LARGEST)
    positive = one_over_one_plus(exp_of_negative(-np.abs(fixed)))
    return np.where(fixed < 0, (1 << 31) - positive, positive)


def _softmax(x: Array, skips_zeros: bool) -> Int64:
    fixed = fixed_of(x, FRACTION, FAR)
    distance = np.minimum(fixed.max(axis=-1, keepdims=True) - fixed, LARGEST)
    powers = exp_of_negative(-distance)
    if skips_zeros:
        powers = np.where(np.abs(x) <= np.float32(NEAR_ZERO), 0, powers)
    total = np.maximum(powers.sum(axis=-1, keepdims=True), 1)
    return np.asarray(((powers << 31) + (total >> 1)) // total, np.int64)


@exporter(ClassScores)
def _to_tflite(op: ClassScores, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "scores of such classes")
