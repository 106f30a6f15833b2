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
    alive = {each.name: each for each in ranges if each.first <= moment <= each.last}
    return sum(aligned(each.size) for each in alive.values()) - _saved(alive, moment)


def _saved(alive: Mapping[str, LiveRange], moment: int) -> int:
    """Return the bytes that overlaps save at a moment, at most.

    No storage shares more than its own size: not what is written, which may lie over several, nor
    what it lies over, which several may share.
    """
    pairs = [
        (each.name, name, _shared(each, alive[name], lag))
        for each in alive.values()
        if each.first == moment
        for name, lag in each.over
    ]
    sides = [
        sum(
            min(aligned(each.size), sum(size for *names, size in pairs if names[side] == each.name))
            for each in alive.values()
        )
        for side in (0, 1)
    ]
    return min(sides)


def _shared(upper: LiveRange, lower: LiveRange, lag: int) -> int:
    """Return the most bytes that two can have in common where ``upper`` starts ``lag`` below."""
    together = max(aligned(lower.size) + max(aligned(lag), 0), aligned(upper.size))
    return max(aligned(upper.size) + aligned(lower.size) - together, 0)


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
    """Place each at the lowest offset where all that is placed lets it."""
    placed: list[tuple[int, LiveRange]] = []
    for each in order:
        offset = 0
        near = [_kept_out(each, other, at) for at, other in placed if each.overlaps(other)]
        for below, above in sorted(near):
            if offset <= below:
                break
            offset = max(offset, above)
        placed.append((offset, each))
    return {each.name: offset for offset, each in placed}


def _kept_out(each: LiveRange, other: LiveRange, at: int) -> tuple[int, int]:
    """Return the last offset below one that lies ``at``, and the first above, that it allows."""
    below, above = at - aligned(each.size), at + aligned(other.size)
    lag, back = dict(each.over).get(other.name), dict(other.over).get(each.name)
    return (
        below if lag is None else max(below, at - lag),
        above if back is None else min(above, at + aligned(back)),
    )
