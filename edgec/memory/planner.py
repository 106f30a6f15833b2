"""Live ranges -> offsets in one arena.

Greedy by size (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference",
2020): the largest buffer first, each at the lowest offset where it fits. Where that misses the
lower bound, other orders are tried, always the same ones, so that equal models get equal plans.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgec.memory.liveness import LiveRange

ALIGNMENT = 16  # bytes: a vector register of MVE, and enough for every C type
_ATTEMPTS = 300


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Offset of each buffer, and the bytes in all.

    ``lower_bound`` is the largest sum of sizes alive at one moment: no plan can be smaller.
    """

    ranges: tuple[LiveRange, ...]
    offsets: Mapping[str, int]
    size: int
    lower_bound: int

    def alive_at_peak(self) -> list[LiveRange]:
        """Return the buffers alive at the moment of the largest sum, largest first."""
        moment = max(_moments(self.ranges), key=lambda m: _alive_bytes(self.ranges, m), default=0)
        alive = [each for each in self.ranges if each.first <= moment <= each.last]
        return sorted(alive, key=lambda each: -each.size)


def plan(ranges: Sequence[LiveRange]) -> MemoryPlan:
    """Place every buffer; buffers that are alive together never overlap."""
    bound = lower_bound(ranges)
    best: dict[str, int] = {}
    best_size = -1
    for order in _orders(ranges):
        offsets = _first_fit(order)
        size = max((offsets[each.name] + aligned(each.size) for each in ranges), default=0)
        if best_size < 0 or size < best_size:
            best, best_size = offsets, size
        if best_size <= bound:
            break
    return MemoryPlan(tuple(ranges), best, max(best_size, 0), bound)


def lower_bound(ranges: Sequence[LiveRange]) -> int:
    """Return the largest number of bytes alive at one moment."""
    return max((_alive_bytes(ranges, moment) for moment in _moments(ranges)), default=0)


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _moments(ranges: Sequence[LiveRange]) -> set[int]:
    return {each.first for each in ranges}


def _alive_bytes(ranges: Sequence[LiveRange], moment: int) -> int:
    return sum(aligned(each.size) for each in ranges if each.first <= moment <= each.last)


def _orders(ranges: Sequence[LiveRange]) -> Iterator[list[LiveRange]]:
    """Yield orders to try: by size, by life time, then shuffled variations of the best known."""
    by_size = sorted(ranges, key=lambda each: (-each.size, each.first, each.name))
    yield by_size
    yield sorted(ranges, key=lambda each: (each.first - each.last, -each.size, each.name))
    yield sorted(ranges, key=lambda each: (each.first, -each.size, each.name))
    generator = random.Random(len(by_size))  # noqa: S311 - a fixed seed: plans must repeat
    for _ in range(_ATTEMPTS):
        yield sorted(by_size, key=lambda each: -each.size * generator.uniform(0.3, 1.0))


def _first_fit(order: Sequence[LiveRange]) -> dict[str, int]:
    placed: list[tuple[int, LiveRange]] = []
    for each in order:
        offset = 0
        for start, other in sorted(placed, key=lambda pair: pair[0]):
            if not each.overlaps(other):
                continue
            if offset + aligned(each.size) <= start:
                break
            offset = max(offset, start + aligned(other.size))
        placed.append((offset, each))
    return {each.name: offset for offset, each in placed}
