"""Distances to points that a model knows, and the nearest of these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.numerics.fixed_floats import float_of
from edgec.ops.numerics.fixed_point import Int64
from edgec.ops.numerics.shifted import bit_length
from edgec.ops.operator import Operator
from edgec.ops.registry import TfliteEmitter, exporter

_ROOT_BITS = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances(Operator):
    """x [...,F] int32, points [n,F] int32 -> [...,n] float32: the distance to each point.

    Features are in units of 2**-``fraction``. ``city``: sums of the features' distances, else the
    root of the sum of their squares; ``squared`` leaves the root out.
    Source: edgec's own: scikit-learn's neighbours and clusters.
    """

    name: ClassVar[str] = "distances"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    fraction: int
    city: bool = False
    squared: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, points = inputs
        _check(self, x, points)
        return (TensorType((*x.shape[:-1], points.shape[0])),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, points = inputs
        found = sums_of(x.reshape(-1, x.shape[-1]), points, city=self.city)
        return (self.real(found).reshape(signature.output.shape),)

    def real(self, found: Int64) -> Array:
        """Return the distances that integers of ours stand for."""
        if self.city or self.squared:
            return float_of(found, -self.fraction * (1 if self.city else 2))
        return roots(found, self.fraction)

    def macs(self, signature: Signature) -> int:
        rows = signature.output.elements // max(signature.output.shape[-1], 1)
        return rows * signature.inputs[1].elements

    def stacked(self, samples: int) -> "Distances":
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest(Operator):
    """x [...,F] int32, points [n,F] int32 -> places [...,k] int32, distances [...,k] float32.

    The nearest points, the nearest first; of equally near ones those before others in the list.
    Features are in units of 2**-``fraction``; ``city``: sums of the features' distances, else the
    root of the sum of their squares.
    Source: edgec's own: scikit-learn's neighbours and clusters.
    """

    name: ClassVar[str] = "nearest"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    fraction: int
    count: int = 1
    city: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, points = inputs
        _check(self, x, points)
        if not 1 <= self.count <= points.shape[0]:
            message = f"the nearest {self.count} of {points.shape[0]} points"
            raise ValueError(message)
        shape = (*x.shape[:-1], self.count)
        return TensorType(shape, DType.INT32), TensorType(shape)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, points = inputs
        found = sums_of(x.reshape(-1, x.shape[-1]), points, city=self.city)
        places = np.argsort(found, axis=1, kind="stable")[:, : self.count]
        real = Distances(fraction=self.fraction, city=self.city).real
        kept = real(np.take_along_axis(found, places, axis=1))
        shape = signature.output.shape
        return places.astype(np.int32).reshape(shape), kept.reshape(shape)

    def macs(self, signature: Signature) -> int:
        rows = signature.output.elements // self.count
        return rows * signature.inputs[1].elements

    def stacked(self, samples: int) -> "Nearest":
        return self


def _check(op: Operator, x: TensorType, points: TensorType) -> None:
    known = points.rank == 2 and x.rank and points.shape[1:] == x.shape[-1:]  # noqa: PLR2004
    if not known or (x.dtype, points.dtype) != (DType.INT32, DType.INT32):
        message = f"{op.name} of {x} and {points}"
        raise ValueError(message)


def sums_of(x: Array, points: Array, *, city: bool) -> Int64:
    """Return squared distances of rows to points, [r,n]; in a city sums of sizes."""
    rows, wide = x.astype(np.int64), points.astype(np.int64)
    found = np.empty((len(rows), len(wide)), np.int64)
    for place, point in enumerate(wide):
        apart = rows - point
        found[:, place] = (np.abs(apart) if city else apart * apart).sum(axis=1)
    return found


def roots(x: Int64, fraction: int) -> Array:
    """Return the roots of x * 2**(-2 fraction), float32, of x in [0, 2**62)."""
    raised = (_ROOT_BITS - bit_length(x)) & ~1
    high = x << raised
    root = np.sqrt(high.astype(np.float64)).astype(np.int64)
    root -= root * root > high
    root += (root + 1) * (root + 1) <= high
    return np.ldexp(root.astype(np.float32), -fraction - raised // 2).astype(np.float32)


@exporter(Distances)
@exporter(Nearest)
def _to_tflite(op: Operator, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "distances to points")
