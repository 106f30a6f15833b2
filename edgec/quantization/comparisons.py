"""Comparisons of quantized values: as integers, on one scale, without any rounding where it shows.

A constant is put where it decides between two integers as it does between the reals these stand
for. Two values of different scales meet in int16, whose steps are far finer than theirs.
"""

from collections.abc import Sequence

import numpy as np

from edgec.ir import Array, QParams, TensorType
from edgec.ops.numbers.compare import Compare, Relation

_STRICT = {True: Relation.LESS, False: Relation.LESS_EQUAL}
_LARGEST_INT16 = 32767


def as_integers(
    op: Compare, limit: Array, kind: TensorType, *, first: bool
) -> tuple[Compare, Array]:
    """Return the comparison of integers of ``kind`` that a real constant ``limit`` becomes.

    The constant is the first operand where ``first``. Integers at the end of their range stand for
    what is beyond, too: of x < l and x <= l - 1 that form is taken whose constant exists.
    """
    limits = np.iinfo(kind.dtype.numpy)
    q = kind.quantization
    places = limit.astype(np.float64) / q.scale + q.zero_point
    if op.relation in {Relation.EQUAL, Relation.NOT_EQUAL}:
        return _of(op.relation, np.rint(places), kind)
    if first:  # l < x: the largest integer that is not above l, or the smallest that is
        below = np.floor(places) if op.relation is Relation.LESS else np.ceil(places) - 1
        strict = bool(np.all(below >= limits.min))
        return _of(_STRICT[strict], below if strict else below + 1, kind)
    above = np.ceil(places) if op.relation is Relation.LESS else np.floor(places) + 1
    strict = bool(np.all(above <= limits.max))
    return _of(_STRICT[strict], above if strict else above - 1, kind)


def _of(relation: Relation, places: Array, kind: TensorType) -> tuple[Compare, Array]:
    limits = np.iinfo(kind.dtype.numpy)
    op = Compare(relation=relation, in_steps=True)
    return op, np.clip(places, limits.min, limits.max).astype(kind.dtype.numpy)


def meeting_place(kinds: Sequence[TensorType]) -> QParams:
    """Return an int16 quantization that holds all that integers of these types stand for."""
    largest = max(_largest(kind) for kind in kinds)
    return QParams.per_tensor(largest / _LARGEST_INT16)


def _largest(kind: TensorType) -> float:
    limits, q = np.iinfo(kind.dtype.numpy), kind.quantization
    return q.scale * max(q.zero_point - int(limits.min), int(limits.max) - q.zero_point)


def share(kinds: Sequence[TensorType]) -> bool:
    """Tell whether integers of these types can be compared as they are."""
    return len({(kind.dtype, kind.qparams) for kind in kinds}) == 1
