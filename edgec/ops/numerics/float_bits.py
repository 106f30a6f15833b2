"""float32 as bits, and in an order that integers have: what C does without an FPU.

The mirror in C is ``runtime_c/src/support/float_bits.h``.
"""

import numpy as np

from edgec.ir import Array
from edgec.ops.numerics.fixed_point import Int64

_MAGNITUDE = 2**31 - 1
_INFINITY = 0x7F800000
LOWEST = -(2**31)
"""Below every float's place in the order."""


def bits_of(x: Array) -> Array:
    """Return the bits of float32, int32."""
    return np.ascontiguousarray(x, np.float32).view(np.int32)


def floats_of(bits: Array) -> Array:
    """Return the float32 that int32 are the bits of."""
    return np.ascontiguousarray(bits, np.int32).view(np.float32)


def order_of(x: Array) -> Int64:
    """Return integers that compare as float32 do: -0 is 0; of NaN there is no order."""
    bits = bits_of(x).astype(np.int64)
    return np.where(bits < 0, -(bits & _MAGNITUDE), bits)


def place_of(value: float) -> int:
    """Return the place of one number, as float32, in the order."""
    return int(order_of(np.array([value], np.float32))[0])


def at_places(places: Array) -> Array:
    """Return the float32 at places of the order; at most infinity, at least its negative."""
    magnitude = np.minimum(np.abs(places), _INFINITY)
    return floats_of(np.where(places < 0, magnitude + LOWEST, magnitude).astype(np.int32))
