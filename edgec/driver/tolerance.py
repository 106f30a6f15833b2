"""How far outputs may be from the reference's: nothing for integers, a little for floats.

Integer arithmetic is the same everywhere. Sums of floats depend on their order and on whether a
core multiplies and adds in one step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from edgec.ir import Array, DType


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The largest difference: ``relative`` to the largest magnitude of the expected tensor."""

    relative: float = 0.0

    def differs(self, expected: Array, actual: Array) -> Array:
        """Tell for each element whether it is too far off; NaN equals NaN only."""
        if not self.relative:
            return np.asarray(expected != actual)
        finite = np.abs(expected[np.isfinite(expected)])
        bound = self.relative * float(finite.max(initial=0.0))
        with np.errstate(invalid="ignore"):
            near = np.abs(expected.astype(np.float64) - actual.astype(np.float64)) <= bound
        same = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
        return np.asarray(~(near | same))


EXACT = Tolerance()
TOLERANCES: Mapping[DType, Tolerance] = MappingProxyType(
    # Chosen by hand: some hundred roundings of float32 (6e-8 each), as a layer's sums have them.
    {DType.FLOAT32: Tolerance(relative=1e-5)}
)


def tolerance_of(dtype: DType) -> Tolerance:
    """Return how far outputs of a type may be from the reference's."""
    return TOLERANCES.get(dtype, EXACT)
