"""Samples far off all others: left out, since one of them would set the ranges for all.

A spike of 1e4 among pixels leaves these no step of 8 bits. It is told by a gap: what few samples
reach and nothing else comes near. Where there is no gap, the range search weighs loud samples.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir import Array, ValueName
from edgec.quantization.samples.samples import Samples

# Chosen by hand: a tail of log-normal numbers with a deviation of 1 has a gap of 4 between its two
# largest of 100 once in a hundred drawings. A count that is rarely 12 and mostly 3 is right, and
# whole samples that are louder may be what matters.
_FEWEST = 8  # samples; of fewer none is usual
_RARE = 20  # one sample in so many may be left out, and one in any case
_SPIKE, _LOUD = 10.0, 8.0  # times what all others reach: for single elements, for whole samples
_GAP = 3.0  # likewise, of others that are left out with such a sample: quiet ones of its kind
_SINGLE = 1 / 50  # of a sample's elements, or one, are single
_NAMED = 3  # samples that a warning names


@dataclass(frozen=True, slots=True)
class Outliers:
    """Samples of one input that reach more than the others; ``usual`` is what those reach."""

    name: ValueName
    indices: Array
    values: Array
    usual: float

    def __str__(self) -> str:
        pairs = zip(self.indices[:_NAMED], self.values[:_NAMED], strict=True)
        shown = ", ".join(f"sample {index} ({value:.4g})" for index, value in pairs)
        more = len(self.indices) - _NAMED
        shown += f" and {more} more" if more > 0 else ""
        times = float(np.abs(self.values).max()) / self.usual
        return f"{self.name!r}: {shown}: up to {times:.3g} times the {self.usual:.4g} of all others"


def without_outliers(samples: Samples, place: str) -> Samples:
    """Return the samples that are not far off the others, with a warning that names those."""
    found = [each for name, x in samples.arrays.items() for each in _outliers(name, x)]
    if not found:
        return samples
    kept = np.ones(len(samples), bool)
    for each in found:
        kept[each.indices] = False
    told = tuple(
        f"{place}: {each}; left out, lest the rest gets too few of the steps of 8 bits. Repair "
        "them, or keep them with --calibration minmax"
        for each in found
    )
    return replace(samples.chosen(kept), warnings=(*samples.warnings, *told))


def _outliers(name: ValueName, x: Array) -> Iterator[Outliers]:
    if x.dtype.kind != "f" or len(x) < _FEWEST or not x[0].size:
        return
    rows = x.reshape(len(x), -1)
    reached = np.maximum(rows.max(axis=1), -rows.min(axis=1))
    order = np.argsort(-reached, kind="stable")
    for count in range(max(1, len(x) // _RARE), 0, -1):
        usual = float(reached[order[count]])
        far = order[:count]
        if usual > 0 and reached[far[-1]] >= _GAP * usual and _is_far(np.abs(rows[far[0]]), usual):
            far = np.sort(far)
            at = np.abs(rows[far]).argmax(axis=1)
            yield Outliers(name, far, rows[far, at], usual)
            return


def _is_far(row: Array, usual: float) -> bool:
    single = np.count_nonzero(row > usual) <= max(1, row.size * _SINGLE)
    return bool(row.max() >= usual * (_SPIKE if single else _LOUD))
