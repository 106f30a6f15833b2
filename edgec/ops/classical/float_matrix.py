"""A matrix product of floats computed in integers, as floats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Node, Signature, TensorType
from edgec.ops.classical.fixed_matrix import row_products
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import TfliteEmitter, exporter


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatMatrix(Operator):
    """x [...,G] float32, weights [F,G] int32, offsets [F] float32 -> [...,F] float32.

    W x * 2**shift in 64 bits, as a float, then the offset is added. The largest exponent of a row
    is that of all its numbers, with 6 bits more. The weights of a row of W add up to less than
    2**31.
    Source: edgec's own, for linear machines and likelihoods whose inputs have no known range.
    """

    name: ClassVar[str] = "float_matrix"
    takes_floats: ClassVar[bool] = True
    is_internal: ClassVar[bool] = True
    shift: int

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, weights, offsets = inputs
        fits = x.rank and weights.rank == 2 and weights.shape[1:] == x.shape[-1:]  # noqa: PLR2004
        if not (is_float(x) and fits and offsets.shape == weights.shape[:1]):
            message = f"{self.name} of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        return (TensorType((*x.shape[:-1], weights.shape[0])),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, weights, offsets = inputs
        sums, unit = row_products(x, weights)
        with np.errstate(over="ignore"):
            products = np.ldexp(sums.astype(np.float32), unit + self.shift).astype(np.float32)
        return (products + offsets,)

    def macs(self, signature: Signature) -> int:
        return signature.output.elements * signature.inputs[0].shape[-1]

    def stacked(self, samples: int) -> "FloatMatrix":
        return self


@exporter(FloatMatrix)
def _to_tflite(op: FloatMatrix, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "products of floats in integers")
