"""An int8 sum as one affine form: (ka * a + kb * b + c) >> shift, limited, for every pair (a, b).

TFLite rounds three products per element. Here the build looks for numbers that give the same
results for all 65,536 pairs: each pair allows an interval of c, and these have to meet. They do for
nearly all scales that calibration finds; where scales are simple fractions of each other, many sums
lie halfway between two results, and TFLite rounds these now up, now down.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from edgec.ir import Array, DType, Op, Signature, TensorType

_LARGEST = 2**31 - 1
_MOST_SHIFT = 31
_SHIFTS_TRIED = 4
_VALUES = np.arange(-128, 128)
_NEAR = sorted(product(range(-3, 4), repeat=2), key=lambda pair: abs(pair[0]) + abs(pair[1]))
"""How far both factors may be from the real ones, the nearest first."""


@dataclass(frozen=True, slots=True)
class AffineSum:
    """The numbers of the form; sums of its products and of ``c`` fit 32 bits in any order."""

    ka: int
    kb: int
    c: int
    shift: int
    low: int
    high: int

    def table(self) -> Array:
        """Return the results for all pairs, int8 [a + 128][b + 128]."""
        sums = np.add.outer(self.ka * _VALUES, self.kb * _VALUES) + self.c
        return np.clip(sums >> self.shift, self.low, self.high).astype(np.int8)

    @property
    def fits(self) -> bool:
        return 128 * (abs(self.ka) + abs(self.kb)) + abs(self.c) <= _LARGEST


@dataclass(frozen=True)
class _Bounds:
    """Pairs (a, b) and their results y: sums have to reach y, or to stay below y + 1."""

    a: Array
    b: Array
    y: Array

    @classmethod
    def of(cls, expected: Array, which: Array) -> "_Bounds":
        at = np.nonzero(which)
        return cls(at[0] - 128, at[1] - 128, expected[at])

    def gaps(self, ka: int, kb: int, shift: int) -> Array:
        """Return what c is missing to make each sum exactly y."""
        gaps: Array = (self.y << shift) - ka * self.a - kb * self.b
        return gaps


def pairs_table(op: Op, signature: Signature) -> Array:
    """Return what the reference makes of all pairs, int8 [a + 128][b + 128]."""
    shapes = (256, 1), (1, 256)
    operands = [_VALUES.astype(np.int8).reshape(shape) for shape in shapes]
    kinds = tuple(
        TensorType(shape, DType.INT8, kind.qparams)
        for shape, kind in zip(shapes, signature.inputs, strict=True)
    )
    whole = TensorType((256, 256), DType.INT8, signature.output.qparams)
    return op.evaluate(operands, Signature(kinds, (whole,)))[0]


def find_affine_sum(
    op: Op, signature: Signature, factors: tuple[float, float], bounds: tuple[int, int]
) -> AffineSum | None:
    """Return the form with the finest factors that equals the reference everywhere, or None.

    ``factors`` are the real ones of both operands, in steps of the output; ``bounds`` those of the
    output.
    """
    expected = pairs_table(op, signature)
    return _search(expected.tobytes(), factors, bounds)


@lru_cache(maxsize=256)
def _search(
    table: bytes, factors: tuple[float, float], bounds: tuple[int, int]
) -> AffineSum | None:
    expected = np.frombuffer(table, np.int8).reshape(256, 256).astype(np.int64)
    reached = _Bounds.of(expected, _edges(expected, factors, -1) & (expected > bounds[0]))
    kept_below = _Bounds.of(expected, _edges(expected, factors, 1) & (expected < bounds[1]))
    for shift, ka, kb in _candidates(factors):
        least = reached.gaps(ka, kb, shift)
        most = kept_below.gaps(ka, kb, shift) + (1 << shift) - 1
        first = int(least.max()) if least.size else int(most.min(initial=0))
        last = int(most.min()) if most.size else first
        found = AffineSum(ka, kb, (first + last) // 2, shift, *bounds)
        if first <= last and found.fits and np.array_equal(found.table(), expected):
            return found
    return None


def _edges(expected: Array, factors: tuple[float, float], step: int) -> Array:
    """Return which pairs have another result than their neighbors with a smaller (larger) sum.

    Only these bind: a pair with the same result as one with a smaller sum is reached before it.
    """
    edges = np.ones(expected.shape, bool)
    for axis, factor in enumerate(factors):
        toward = step if factor > 0 else -step
        beside = np.roll(expected, -toward, axis)
        last = 255 if toward > 0 else 0
        border = np.expand_dims(np.arange(256), 1 - axis) == last
        edges &= border | (beside != expected)
    return edges


def _candidates(factors: tuple[float, float]) -> Iterator[tuple[int, int, int]]:
    """Yield shift and both factors, the finest first."""
    reach = 128 * (abs(factors[0]) + abs(factors[1]))
    room = 2 * reach + 256  # c undoes the products of zero points and adds that of the output
    finest = min(_MOST_SHIFT, int(np.floor(np.log2(_LARGEST / room))) + 1)
    for shift in range(finest, max(finest - _SHIFTS_TRIED, 0), -1):
        ka, kb = (round(each * 2.0**shift) for each in factors)
        for off_a, off_b in _NEAR:
            yield shift, ka + off_a, kb + off_b
