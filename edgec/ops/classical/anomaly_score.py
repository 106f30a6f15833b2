"""The score of an isolation forest: how short the ways to a sample's leaves are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.numerics.fixed_floats import fixed_of, float_of
from edgec.ops.numerics.fixed_point_exp import exp_of_negative
from edgec.ops.numerics.shifted import shifted
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import TfliteEmitter, exporter

FRACTION = 20  # bits behind the point of a sum of ways
POWER = 26  # of what exp is computed of
LARGEST = (1 << 31) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyScore(Operator):
    """x [...] float32 of 0 or more -> [...] float32: offset - exp(-rate * x).

    In fixed point: the rate has 31 bits, ``rate`` * 2**``rate_unit``; the offset is in units of
    2**-31. The result is within 3e-7 of the real one.
    Source: scikit-learn's IsolationForest; gemmlowp's exp.
    """

    name: ClassVar[str] = "anomaly_score"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    rate: int
    rate_unit: int
    offset: int

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not is_float(x):
            message = f"{self.name} of {x}"
            raise ValueError(message)
        return (x,)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        fixed = np.maximum(fixed_of(inputs[0], FRACTION, LARGEST), 0)
        power = shifted(fixed * self.rate, self.rate_unit + POWER - FRACTION, LARGEST)
        return (float_of(self.offset - exp_of_negative(-power), -31),)

    def stacked(self, samples: int) -> "AnomalyScore":
        return self


@exporter(AnomalyScore)
def _to_tflite(op: AnomalyScore, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "scores of isolation forests")
