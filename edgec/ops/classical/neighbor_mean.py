"""What the nearest points are worth: the mean of their values, or the shares of their classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import TfliteEmitter, exporter


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborMean(Operator):
    """places [...,k] int32, distances [...,k] float32, values -> means [...,T] float32.

    Values are float32 [n,T], or with ``classes`` int32 [n]: the class of each point, of which the
    shares are the means, T of them. Points count alike, or where ``least`` is more than 0 by 1 /
    max(distance, least). All is float32. A place beyond the points is the nearest one.
    Source: scikit-learn's neighbours.
    """

    name: ClassVar[str] = "neighbor_mean"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    classes: int = 0
    least: float = 0.0

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        places, apart, values = inputs
        wanted = 1 if self.classes else 2
        fits = places.shape == apart.shape and places.rank and is_float(apart)
        if not fits or values.rank != wanted or is_float(values) is bool(self.classes):
            message = f"{self.name} of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        return (TensorType((*places.shape[:-1], self.classes or values.shape[1])),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        places, apart, values = inputs
        one = np.float32(1)
        total = np.zeros(places.shape[:-1], np.float32)
        sums = np.zeros(signature.output.shape, np.float32)
        for rank in range(places.shape[-1]):
            weight = np.ones_like(total)
            if self.least:
                weight = one / np.maximum(apart[..., rank], np.float32(self.least))
            found = np.take(values, places[..., rank], axis=0, mode="clip")
            if self.classes:
                found = (found[..., None] == np.arange(self.classes)).astype(np.float32)
            sums = sums + weight[..., None] * found
            total = total + weight
        return (np.asarray(sums / total[..., None], np.float32),)

    def stacked(self, samples: int) -> "NeighborMean":
        return self


@exporter(NeighborMean)
def _to_tflite(op: NeighborMean, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "means of neighbours")
