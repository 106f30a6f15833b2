"""What a value looked like over the calibration samples, and which range that suggests.

A :class:`Summary` is small, exact about extremes, and two of them add up to one: so any part of the
samples can be left out and judged by the others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from types import MappingProxyType

import numpy as np

from edgec.ir import Array

# Chosen by hand; no measurement is on record: bins are a power of two wide, so that 2048 leave at
# least two of them to a step of int8. A quarter of the samples' extremes is few enough to be the
# tail, and of some ten samples still enough to tell its spread.
_BINS = 2048
_COUNTED = 1 << 17  # elements that are counted at a time, in 64 bits
_LEVELS = 255  # steps of int8
_TAIL = 4  # one sample in so many belongs to the tail
_ROUNDS = 4  # of fitting one end to the other
_SMALLEST_EXPONENT = -126  # bins are no narrower: of a value that is always 0


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

    @property
    def magnitude(self) -> float:
        return max(-self.low, self.high, 0.0)

    def union(self, other: "Range") -> "Range":
        return Range(min(self.low, other.low), max(self.high, other.high))

    def scaled(self, factor: float) -> "Range":
        return Range(self.low * factor, self.high * factor)

    def within(self, other: "Range") -> "Range":
        return Range(max(self.low, other.low), min(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of bins [(first + i) * 2**exponent, (first + i + 1) * 2**exponent)."""

    exponent: int
    first: int
    counts: Array

    @classmethod
    def of(cls, x: Array, bins: int = _BINS) -> "Histogram":
        """Count finite numbers in at most ``bins`` bins."""
        largest = float(np.abs(x).max(initial=0.0))
        exponent = max(
            int(np.ceil(np.log2(largest / bins * 2))) if largest else 0, _SMALLEST_EXPONENT
        )
        index = np.floor(x.reshape(-1).astype(np.float64) * 2.0**-exponent).astype(np.int64)
        first = int(index.min(initial=0))
        return cls(exponent, first, np.bincount(index - first, minlength=1))

    def __add__(self, other: "Histogram") -> "Histogram":
        exponent = max(self.exponent, other.exponent)
        one, two = self._coarser(exponent), other._coarser(exponent)
        first = min(one.first, two.first)
        ends = [each.first + len(each.counts) for each in (one, two)]
        counts = np.zeros(max(ends) - first, np.int64)
        for each in (one, two):
            start = each.first - first
            counts[start : start + len(each.counts)] += each.counts
        return Histogram(exponent, first, counts)

    def _coarser(self, exponent: int) -> "Histogram":
        """Merge neighbors until bins are 2**exponent wide."""
        if exponent == self.exponent:
            return self
        index = (np.arange(len(self.counts)) + self.first) >> (exponent - self.exponent)
        first = int(index[0])
        return Histogram(exponent, first, np.bincount(index - first, self.counts).astype(np.int64))

    @property
    def edges(self) -> Array:
        """The lower edges of all bins and the upper one of the last."""
        return np.asarray(np.ldexp(np.arange(len(self.counts) + 1.0) + self.first, self.exponent))

    @property
    def centers(self) -> Array:
        return np.asarray((self.edges[:-1] + self.edges[1:]) / 2)


@dataclass(frozen=True, slots=True)
class Summary:
    """The extremes of each sample, and a histogram of all elements."""

    lows: Array
    highs: Array
    histogram: Histogram

    @classmethod
    def of(cls, x: Array) -> "Summary":
        """Summarize finite values [samples, ...]."""
        size = max(1, _COUNTED // max(1, x[:1].size))
        starts = range(0, max(1, len(x)), size)
        return reduce(add, [cls._of_few(x[start : start + size]) for start in starts])

    @classmethod
    def _of_few(cls, x: Array) -> "Summary":
        rows = x.reshape(len(x), -1)
        low, high = rows.min(axis=1, initial=np.inf), rows.max(axis=1, initial=-np.inf)
        lows, highs = (np.where(np.isinf(each), 0, each) for each in (low, high))
        return cls(lows.astype(np.float64), highs.astype(np.float64), Histogram.of(rows))

    @classmethod
    def together(cls, parts: "Sequence[Summary]") -> "Summary":
        """Return the summary of several values [samples, ...] of the same samples, at least one."""
        if len(parts) == 1:
            return parts[0]
        lows = np.min([each.lows for each in parts], axis=0)
        highs = np.max([each.highs for each in parts], axis=0)
        return cls(lows, highs, reduce(add, [each.histogram for each in parts]))

    def __add__(self, other: "Summary") -> "Summary":
        return Summary(
            np.concatenate([self.lows, other.lows]),
            np.concatenate([self.highs, other.highs]),
            self.histogram + other.histogram,
        )

    @property
    def extremes(self) -> Range:
        return Range(float(self.lows.min()), float(self.highs.max()))


Method = Callable[[Summary], Range]
"""From what was seen to what is to be represented."""


def min_max(seen: Summary) -> Range:
    """Return the smallest and the largest element ever seen."""
    return seen.extremes


def moving_average(seen: Summary, weight: float = 0.1) -> Range:
    """Return the samples' extremes, averaged with exponentially decaying weights."""
    low, high = float(seen.lows[0]), float(seen.highs[0])
    for lowest, highest in zip(seen.lows[1:], seen.highs[1:], strict=True):
        low += weight * (float(lowest) - low)
        high += weight * (float(highest) - high)
    return Range(low, high)


def percentile(seen: Summary, share: float = 99.99) -> Range:
    """Return the range that holds all but (100 - share) % of the elements, as many on each side."""
    total = np.cumsum(seen.histogram.counts)
    outside = total[-1] * (1 - share / 100) / 2
    first = int(np.searchsorted(total, outside, side="right"))
    last = int(np.searchsorted(total, total[-1] - outside, side="left"))
    edges = seen.histogram.edges
    return Range(float(edges[first]), float(edges[last + 1])).within(seen.extremes)


def mse(seen: Summary) -> Range:
    """Return the range with the least mean squared error of int8, clipping and rounding."""
    candidates, centers = _cuts(seen), seen.histogram.centers
    return min(candidates, key=lambda each: squared_error(seen.histogram, each, centers))


def entropy(seen: Summary) -> Range:
    """Return the range whose int8 distribution diverges least (Kullback, Leibler) from the seen."""
    candidates, centers = _cuts(seen), seen.histogram.centers
    return min(candidates, key=lambda each: _divergence(seen.histogram, each, centers))


def tail(seen: Summary, weight: float = 1.0) -> Range:
    """Return the range with the least squared error of int8 on samples yet to come.

    What they will hold beyond the extremes follows an exponential tail, fitted to the largest
    values of single samples; ``weight`` says how much worse clipping is than rounding.
    """
    low, high = Tail.of(-seen.lows), Tail.of(seen.highs)
    elements = float(seen.histogram.counts.sum()) / len(seen.lows)
    below, above = low.largest, high.largest
    for _ in range(_ROUNDS):
        above = high.limit(below, elements / weight)
        below = low.limit(above, elements / weight)
    return Range(-below, above)


def careful_tail(seen: Summary) -> Range:
    """Return :func:`tail` where clipping costs four times what its energy says."""
    return tail(seen, weight=4.0)


@dataclass(frozen=True, slots=True)
class Tail:
    """The upper end of a distribution: ``share`` of the samples exceed ``start``, by ``spread``."""

    largest: float
    start: float
    spread: float
    share: float

    @classmethod
    def of(cls, extremes: Array) -> "Tail":
        """Fit the tail to the largest value of each sample; those below 0 count as 0."""
        ordered = np.sort(np.maximum(extremes, 0.0))[::-1]
        top = min(max(1, len(ordered) // _TAIL), len(ordered) - 1)
        start = float(ordered[top])
        spread = float((ordered[:top] - start).mean()) if top else 0.0
        return cls(float(ordered[0]), start, spread, top / len(ordered))

    def limit(self, other: float, elements: float) -> float:
        """Return where to end the range whose other end is ``other`` away from 0."""
        if self.spread <= 0:
            return self.largest
        limits = self.start + (2 * self.largest - self.start) * np.linspace(0, 1, 201)
        rounding = elements * ((limits + other) / _LEVELS) ** 2 / 12
        beyond = np.exp(-(limits - self.start) / self.spread)
        clipping = self.share * 2 * self.spread**2 * beyond
        return float(limits[np.argmin(rounding + clipping)])


def squared_error(histogram: Histogram, kept: Range, centers: Array | None = None) -> float:
    """Return the mean squared error of int8 over ``kept``, from clipping and from rounding.

    ``centers`` are the histogram's, for who asks about many ranges of one.
    """
    low, high = min(kept.low, 0.0), max(kept.high, 0.0)
    counts = histogram.counts
    centers = histogram.centers if centers is None else centers
    step = (high - low) / _LEVELS
    clipped = centers - np.clip(centers, low, high)
    inside = (centers >= low) & (centers <= high)
    total = (counts * clipped**2).sum() + counts[inside].sum() * step**2 / 12
    return float(total / max(1, counts.sum()))


def _cuts(seen: Summary) -> list[Range]:
    """Return ranges from all values to few; some are in each."""
    cuts = [_cut(seen, share) for share in np.linspace(1.0, 0.3, 71)]
    return [each for each in cuts if each.low <= each.high]


def _cut(seen: Summary, share: float) -> Range:
    """Return the extremes, with the larger side cut to ``share`` and the other to no more."""
    extremes = seen.extremes
    limit = share * max(-extremes.low, extremes.high)
    return extremes.within(Range(-limit, limit))


def _divergence(histogram: Histogram, kept: Range, centers: Array) -> float:
    """Return how far the distribution through int8 is from the original, in nats."""
    low, high = min(kept.low, 0.0), max(kept.high, 0.0)
    if low == high:
        return 0.0
    clipped = np.clip(centers, low, high)
    level = np.rint((clipped - low) / (high - low) * _LEVELS).astype(np.int64)
    counts = histogram.counts.astype(np.float64)
    bins = np.cumsum(np.diff(clipped, prepend=clipped[0]) != 0)  # in order: centers ascend
    original = np.bincount(bins, counts)
    inside = counts * (clipped == centers)  # what is clipped piles up in `original` only
    mass = np.bincount(level, inside, _LEVELS + 1)
    used = np.bincount(level, counts > 0, _LEVELS + 1)
    spread = np.bincount(bins, (counts > 0) * mass[level] / np.maximum(used[level], 1))
    p, q = original / original.sum(), spread / max(spread.sum(), 1e-30)
    seen = p > 0
    return float((p[seen] * np.log(p[seen] / np.maximum(q[seen], 1e-12))).sum())


FURTHER: Mapping[str, Method] = MappingProxyType({"tail": tail, "careful-tail": careful_tail})
"""Methods that only the search uses: they look beyond the samples."""

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "minmax": min_max,
        "moving-average": moving_average,
        "percentile": percentile,
        "entropy": entropy,
        "mse": mse,
    }
)
