"""Ranges with room for what the samples have not shown: the more, the fewer there are.

Of a few samples the extremes are hardly those of the field, and what lies beyond is clipped: with
8 samples this costs 10 to 20 dB. Room beyond the extremes costs far less.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from edgec.ir import Array
from edgec.quantization.ranges.observers import Method, Range, Summary

# Measured on the five public models, min-max ranges times 1, 1.05, 1.12, 1.25, 1.4, 1.6 and 2, from
# 4 drawings of 4 to 128 samples each: best are 1.6 to 2 with 4 samples, 1.4 to 1.6 with 8, 1.25 to
# 1.4 with 16, 1.12 to 1.25 with 32, 1.04 to 1.1 with 128. Of one class alone 1.6 to 2.
_SAMPLES = 5.0  # over their number: the room
_MOST = 1.0  # the range doubles: one bit is lost
_BOUNDED = 4  # an end that one in so many samples reaches exactly is one that none exceeds


def with_room(seen: Summary) -> Range:
    """Return the extremes and room beyond, by the number of samples."""
    return _widened(seen, min(_MOST, _SAMPLES / len(seen.lows)))


def doubled(seen: Summary) -> Range:
    """Return the extremes and as much again, whatever the number of samples."""
    return _widened(seen, _MOST)


def _widened(seen: Summary, room: float) -> Range:
    low, high = seen.extremes.low, seen.extremes.high
    return Range(
        low * (1.0 if _is_bound(seen.lows, low) else 1 + room),
        high * (1.0 if _is_bound(seen.highs, high) else 1 + room),
    )


def _is_bound(ends: Array, end: float) -> bool:
    """Tell whether many samples end exactly there: black and white, the 6 of a ReLU6."""
    return int(np.count_nonzero(ends == end)) >= max(2, len(ends) / _BOUNDED)


ROOMY, DOUBLED = "roomy minmax", "doubled minmax"
"""Rules for samples that say enough, and for those that all say the same."""

ROOMS: Mapping[str, Method] = MappingProxyType({ROOMY: with_room, DOUBLED: doubled})
