"""Observers watch a value over the calibration samples and say what range to represent."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from edgec.ir import Array


@dataclass(frozen=True, slots=True)
class Range:
    """Real numbers from ``low`` to ``high``, inclusive."""

    low: float
    high: float

    @classmethod
    def of(cls, array: Array) -> "Range":
        """Return the range of an array; that of zero where it is empty."""
        if array.size == 0:
            return cls(0.0, 0.0)
        return cls(float(array.min()), float(array.max()))

    def union(self, other: "Range") -> "Range":
        return Range(min(self.low, other.low), max(self.high, other.high))


class Observer(Protocol):
    """Sees a value once per sample."""

    def update(self, array: Array) -> None:
        """Take one more sample into account."""
        ...

    def range(self) -> Range:
        """Return what the quantization shall represent."""
        ...


@dataclass(eq=False)
class MinMax:
    """The smallest and the largest element ever seen."""

    seen: list[Range] = field(default_factory=list)

    def update(self, array: Array) -> None:
        latest = Range.of(array)
        self.seen = [self.seen[0].union(latest)] if self.seen else [latest]

    def range(self) -> Range:
        """Return the range; that of zero before any sample."""
        return self.seen[0] if self.seen else Range(0.0, 0.0)


def is_finite(seen: Range) -> bool:
    return bool(np.isfinite(seen.low) and np.isfinite(seen.high))
