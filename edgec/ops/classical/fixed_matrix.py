"""A matrix product of floats in integers: all of a row in units of its largest number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.numerics.fixed_floats import split
from edgec.ops.numerics.shifted import shifted
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import TfliteEmitter, exporter

GUARD = 6  # bits behind those of the largest number of a row
ROOM = (1 << 61) - 1


def row_products(x: Array, weights: Array) -> tuple[Array, Array]:
    """Return W x in int64, and of each row [...,1] the power of two that is its unit.

    ``x`` is float32 [...,G], ``weights`` int32 [F,G]. A row is in units of its largest number.
    """
    mantissa, exponent = split(x)
    largest = exponent.max(axis=-1, keepdims=True)
    aligned = (mantissa << GUARD) >> np.minimum(largest - exponent, 31)
    return aligned @ weights.astype(np.int64).T, largest - GUARD


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedMatrix(Operator):
    """x [...,G] float32, weights [F,G] int32, offsets [F] int64 -> [...,F] int32.

    W x * 2**shift + offset, in 64 bits, within +-(2**bits - 1). The largest exponent of a row is
    that of all its numbers. The weights of a row of W add up to less than 2**31.
    Source: edgec's own, for projections (PCA, LDA) before distances in integers.
    """

    name: ClassVar[str] = "fixed_matrix"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    is_internal: ClassVar[bool] = True
    shift: int
    bits: int

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, weights, offsets = inputs
        fits = x.rank and weights.rank == 2 and weights.shape[1:] == x.shape[-1:]  # noqa: PLR2004
        if not (is_float(x) and fits and offsets.shape == weights.shape[:1]):
            message = f"{self.name} of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        return (TensorType((*x.shape[:-1], weights.shape[0]), DType.INT32),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, weights, offsets = inputs
        sums, unit = row_products(x, weights)
        moved = shifted(sums, unit + self.shift, ROOM) + offsets
        limit = (1 << self.bits) - 1
        return (np.clip(moved, -limit, limit).astype(np.int32),)

    def macs(self, signature: Signature) -> int:
        return signature.output.elements * signature.inputs[0].shape[-1]

    def stacked(self, samples: int) -> "FixedMatrix":
        return self


@exporter(FixedMatrix)
def _to_tflite(op: FixedMatrix, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "products in fixed point of 32 bits")
