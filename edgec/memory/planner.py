"""Live ranges -> offsets in one arena.

Greedy by size (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference",
2020): the largest storage first, each at the lowest offset where it fits. Where that misses the
lower bound, other orders are tried, always the same ones, so that equal models get equal plans.
What a kernel writes may lie over what it reads where the kernel says so (``LiveRange.over``).
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgec.memory.liveness import LiveRange

ALIGNMENT = 16  # bytes: a vector register of MVE, and enough for every C type
# Chosen by hand, as is how much shuffling varies sizes (0.3 to 1); no measurement is on record.
# Attempts end where the lower bound is met.
_ATTEMPTS = 300


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Offset of each buffer, and the bytes in all.

    ``lower_bound`` is the largest sum of sizes alive at one moment, where a pair that may overlap
    counts as much as both need together: no plan can be smaller.
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
    """Place every storage; what is alive together never overlaps but where it may."""
    bound = lower_bound(ranges)
    fit = _first_fit_over if any(each.over for each in ranges) else _first_fit
    best: dict[str, int] = {}
    best_size = -1
    for order in _orders(ranges):
        offsets = fit(order)
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
    alive = {each.name: each for each in ranges if each.first <= moment <= each.last}
    return sum(aligned(each.size) for each in alive.values()) - _saved(alive, moment)


def _saved(alive: Mapping[str, LiveRange], moment: int) -> int:
    """Return the bytes that overlaps save at a moment, at most: each storage is lain over once."""
    saved: dict[str, int] = {}
    for each in alive.values():
        for name, lag in each.over if each.first == moment else ():
            both = aligned(each.size) + aligned(alive[name].size)
            together = max(aligned(alive[name].size) + aligned(lag), aligned(each.size))
            saved[name] = max(saved.get(name, 0), both - together)
    return sum(saved.values())


def _orders(ranges: Sequence[LiveRange]) -> Iterator[list[LiveRange]]:
    """Yield orders to try: by size, by life time, then shuffled variations of the best known."""
    by_size = sorted(ranges, key=lambda each: (-each.size, each.first, each.name))
    yield by_size
    yield sorted(ranges, key=lambda each: (each.first - each.last, -each.size, each.name))
    yield sorted(ranges, key=lambda each: (each.first, -each.size, each.name))
    generator = random.Random(len(by_size))  # noqa: S311 - a fixed seed: plans must repeat
    for _ in range(_ATTEMPTS):
        yield sorted(by_size, key=lambda each: -each.size * generator.uniform(0.3, 1.0))


def _first_fit_over(order: Sequence[LiveRange]) -> dict[str, int]:
    """Place each at the lowest offset where all that is placed lets it."""
    placed: list[tuple[int, LiveRange]] = []
    for each in order:
        near = [(start, other) for start, other in placed if each.overlaps(other)]
        candidates = {0}
        for start, other in near:
            candidates.add(start + aligned(other.size))
            lag = _lag(each, other)
            if lag is not None:
                candidates.add(max(0, start - aligned(lag)))
            lag = _lag(other, each)
            if lag is not None:
                candidates.add(start + aligned(lag))
        offset = min(
            c for c in candidates if all(_lets(each, c, other, start) for start, other in near)
        )
        placed.append((offset, each))
    return {each.name: offset for offset, each in placed}


def _lag(upper: LiveRange, lower: LiveRange) -> int | None:
    """Return how far below ``lower`` the other has to start that may lie over it."""
    return dict(upper.over).get(lower.name)


def _lets(one: LiveRange, at: int, other: LiveRange, start: int) -> bool:
    """Tell whether two that are alive together may lie at these offsets."""
    if at + aligned(one.size) <= start or start + aligned(other.size) <= at:
        return True
    lag, back = _lag(one, other), _lag(other, one)
    return (lag is not None and at + lag <= start) or (back is not None and start + back <= at)


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
