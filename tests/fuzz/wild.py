"""Values that programs trip over, drawn from a random generator."""

import math
import struct
from random import Random

_INTEGERS = (0, 1, -1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 1000, 4097, 65536)
_EDGES = (15, 16, 31, 32, 62, 63)
_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-3, 1e-45, 1e-300, 3.4e38, 1e38, 1e300, 65504.0)
_SPECIAL = (math.nan, math.inf, -math.inf)
_TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "nan",
    "input",
    "int8",
    "../../x",
    "/dev/zero",
    "a" * 300,
    "a/b:c,d=e",
    "\0",
    "x\ny\r\t",
    "é中🙂",
    "%s{}{0}",
    '"; $(touch x) `x` */ <b> \\',
)


def integer(rng: Random, bits: int, *, signed: bool = True, near: int = 0) -> int:
    """Return a number that fits into ``bits``: an edge, a small one, or one beside ``near``."""
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        number = (1 << rng.choice(_EDGES)) * rng.choice((1, -1)) + rng.choice((0, 0, -1))
    elif kind == 1:
        number = near + rng.choice((1, -1, 2, near, -near, 2 * near))
    else:
        number = rng.choice(_INTEGERS)
    return min(max(number, low), high)


def real(rng: Random, near: float = 1.0) -> float:
    """Return a float that a float32 can hold, or infinity."""
    kind = rng.randrange(3)
    number = rng.choice(_SPECIAL) if kind == 0 else rng.choice(_FLOATS)
    if kind == 1:
        number = near * rng.choice((-1.0, 0.0, 1e3, 1e-6, 1e30))
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return math.inf


def text(rng: Random) -> str:
    """Return a text that needs quoting, has no end, or means something elsewhere."""
    return rng.choice(_TEXTS)
