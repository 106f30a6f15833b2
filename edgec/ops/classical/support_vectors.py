"""Support vector machines: sums of kernels between a sample and support vectors, in integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.numerics.fixed_floats import float_of
from edgec.ops.numerics.fixed_point import Int64
from edgec.ops.numerics.fixed_point_exp import exp_of_negative, one_over_one_plus
from edgec.ops.numerics.shifted import scaled, shifted
from edgec.ops.operator import Operator
from edgec.ops.registry import TfliteEmitter, exporter

FRACTION = 26  # bits behind the point of what exp is computed of
LARGEST = (1 << 31) - 1
_FAR = 1 << 31  # beyond it tanh is 1
_FURTHEST = 62


class Kernel(Enum):
    """What is computed of a sample and a support vector."""

    LINEAR = "LINEAR"
    POLY = "POLY"
    RBF = "RBF"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportVectors(Operator):
    """x [...,F] int32, vectors [V,F], coefficients [V,R], rho [P] int64 -> [...,P] float32.

    Sums of coefficient * kernel, plus rho. Vectors belong to classes, ``counts`` of each in their
    order; coefficient r of one of class c goes into sum ``sums[c][r]``. Kernels: x s; (gamma x s +
    offset)**degree; exp(-gamma |x - s|**2); tanh(gamma x s + offset). Products of x and s are in
    units of 2**``unit``, coefficients of 2**``coefficient_unit``, rho and the sums of
    2**``sum_unit``; gamma and offset are pairs (mantissa, exponent). exp is right to 3e-7 of
    itself.
    Source: libsvm; ONNX-ML SVMClassifier, SVMRegressor (onnxruntime); gemmlowp's exp.
    """

    name: ClassVar[str] = "support_vectors"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    kernel: Kernel
    counts: tuple[int, ...]
    sums: tuple[tuple[int, ...], ...]
    unit: int
    coefficient_unit: int
    sum_unit: int
    gamma: tuple[int, int] = (0, 0)
    offset: tuple[int, int] = (0, -100)
    degree: int = 1

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, vectors, coefficients, rho = inputs
        known = vectors.rank == coefficients.rank == 2 and x.rank  # noqa: PLR2004
        fits = known and vectors.shape == (sum(self.counts), x.shape[-1])
        if not fits or coefficients.shape[0] != vectors.shape[0] or x.dtype is not DType.INT32:
            message = f"{self.name} of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        return (TensorType((*x.shape[:-1], rho.elements)),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, vectors, coefficients, rho = (np.asarray(each, np.int64) for each in inputs)
        rows = x.reshape(-1, x.shape[-1])
        total = np.broadcast_to(rho, (len(rows), rho.size)).copy()
        owners = np.repeat(np.arange(len(self.counts)), self.counts)
        for vector, each, owner in zip(vectors, coefficients, owners, strict=True):
            mantissa, exponent = self._kernel(rows, vector)
            for factor, place in zip(each, self.sums[owner], strict=True):
                distance = self.sum_unit - (exponent + self.coefficient_unit)
                total[:, place] += (mantissa * factor) >> np.clip(distance, 0, _FURTHEST)
        return (float_of(total, self.sum_unit).reshape(signature.output.shape),)

    def _kernel(self, rows: Array, vector: Array) -> tuple[Int64, Int64]:
        """Return the kernel of each row with one vector, as (mantissa, exponent)."""
        if self.kernel is Kernel.RBF:
            mantissa, exponent = scaled(((rows - vector) ** 2).sum(axis=1), self.unit)
            wide = mantissa * self.gamma[0]
            power = shifted(wide, exponent + (self.gamma[1] + FRACTION), LARGEST)
            return exp_of_negative(-power), np.full(len(rows), -31, np.int64)
        mantissa, exponent = scaled(rows @ vector, self.unit)
        if self.kernel is Kernel.LINEAR:
            return mantissa, exponent
        mantissa, exponent = self._shifted(mantissa, exponent)
        if self.kernel is Kernel.SIGMOID:
            return _tanh(shifted(mantissa, exponent + FRACTION, _FAR)), np.full(len(rows), -31)
        power, place = mantissa, exponent
        for _ in range(self.degree - 1):
            power, place = scaled(power * mantissa, place + exponent)
        return power, place

    def _shifted(self, mantissa: Int64, exponent: Int64) -> tuple[Int64, Int64]:
        """Return gamma * x + offset."""
        wide, unit = mantissa * self.gamma[0], exponent + self.gamma[1]
        top = np.maximum(unit, self.offset[1])
        moved = wide >> np.minimum(top - unit, _FURTHEST)
        added = self.offset[0] >> np.minimum(top - self.offset[1], 31)
        return scaled(moved + added, top)

    def macs(self, signature: Signature) -> int:
        rows = signature.output.elements // max(signature.output.shape[-1], 1)
        return rows * signature.inputs[1].elements

    def stacked(self, samples: int) -> "SupportVectors":
        return self

    def __str__(self) -> str:
        return f"support_vectors({self.kernel.value}, {sum(self.counts)})"


def _tanh(x: Int64) -> Int64:
    """Return tanh in Q0.31 of x in Q.26: 2 / (1 + exp(-2x)) - 1."""
    half = one_over_one_plus(exp_of_negative(-np.minimum(2 * np.abs(x), LARGEST)))
    size = np.minimum(2 * half - (1 << 31), LARGEST)
    return np.where(x < 0, -size, size)


@exporter(SupportVectors)
def _to_tflite(op: SupportVectors, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "support vectors")
