"""Likelihoods of classes by Gaussians: weighted squares of what lies between, in integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.numerics.fixed_floats import float_of
from edgec.ops.numerics.shifted import scaled
from edgec.ops.operator import Operator
from edgec.ops.registry import TfliteEmitter, exporter

_FURTHEST = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianSums(Operator):
    """x [...,F], centers [C,F], weights [C,F] int32, offsets [C] int64 -> [...,C] float32.

    offset - sum of weight * (x - center)**2. Squares are in units of 2**``unit``, cut to 31 bits;
    weights of 2**``weight_unit``, offsets and sums of 2**``sum_unit``.
    Source: scikit-learn's GaussianNB.
    """

    name: ClassVar[str] = "gaussian_sums"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    unit: int
    weight_unit: int
    sum_unit: int

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, centers, weights, offsets = inputs
        fits = centers.rank == 2 and x.rank and centers.shape[1:] == x.shape[-1:]  # noqa: PLR2004
        alike = centers.shape == weights.shape and offsets.shape == centers.shape[:1]
        if not fits or not alike or x.dtype is not DType.INT32:
            message = f"{self.name} of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        return (TensorType((*x.shape[:-1], offsets.elements)),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, centers, weights, offsets = (np.asarray(each, np.int64) for each in inputs)
        rows = x.reshape(-1, x.shape[-1])
        squares, exponent = scaled((rows[:, None, :] - centers) ** 2, self.unit)
        distance = np.clip(self.sum_unit - (exponent + self.weight_unit), 0, _FURTHEST)
        total = offsets - ((squares * weights) >> distance).sum(axis=2)
        return (float_of(total, self.sum_unit).reshape(signature.output.shape),)

    def macs(self, signature: Signature) -> int:
        rows = signature.output.elements // max(signature.output.shape[-1], 1)
        return rows * signature.inputs[1].elements

    def stacked(self, samples: int) -> "GaussianSums":
        return self


@exporter(GaussianSums)
def _to_tflite(op: GaussianSums, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "likelihoods in integers")
