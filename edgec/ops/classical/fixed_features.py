"""Features in fixed point: floats times a factor, plus an offset, each feature its own."""

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

ROOM = (1 << 62) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedFeatures(Operator):
    """x [...,F] float32, factors [F], shifts [F], offsets [F] int64 -> [...,F] int32.

    x * factor * 2**shift + offset, in 64 bits, within +-(2**bits - 1). NaN is taken for a number
    beyond all others.
    Source: edgec's own, for what computes distances and products of features in integers.
    """

    name: ClassVar[str] = "fixed_features"
    takes_floats: ClassVar[bool] = True
    is_internal: ClassVar[bool] = True
    bits: int

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, *tables = inputs
        if not (is_float(x) and x.rank and all(each.shape == x.shape[-1:] for each in tables)):
            message = f"{self.name} of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        return (TensorType(x.shape, DType.INT32),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, factors, shifts, offsets = inputs
        limit = (1 << self.bits) - 1
        mantissa, exponent = split(x)
        moved = shifted(mantissa * factors.astype(np.int64), exponent + shifts, ROOM >> 1)
        return (np.clip(moved + offsets, -limit, limit).astype(np.int32),)

    def stacked(self, samples: int) -> "FixedFeatures":
        return self


@exporter(FixedFeatures)
def _to_tflite(op: FixedFeatures, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "features in fixed point of 32 bits")
