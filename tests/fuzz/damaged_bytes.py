"""Damage that knows nothing of a format: bits, bytes, blocks, the end of the file."""

from collections.abc import Callable
from random import Random

from fuzz import wild

_LONGEST = 64  # bytes of an inserted or moved block


def damage(data: bytes, rng: Random) -> bytes:
    """Return the bytes with one to four things wrong; random ones where there were none."""
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        data = rng.choice(_WAYS)(data, rng) if data else rng.randbytes(_LONGEST)
    return data


def _flipped(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _overwritten(data: bytes, rng: Random) -> bytes:
    at, size = rng.randrange(len(data)), rng.choice((1, 2, 4, 8))
    value = wild.integer(rng, 8 * size).to_bytes(size, "little", signed=True)
    return data[:at] + value + data[at + size :]


def _spliced(data: bytes, rng: Random) -> bytes:
    """Return a part of the file put in the place of another one."""
    first, last, source = (rng.randrange(len(data) + 1) for _ in range(3))
    block = data[source : source + rng.randrange(_LONGEST)]
    first, last = min(first, last), max(first, last)
    last = last if rng.random() < 0.3 else min(last, first + rng.randrange(_LONGEST))
    return data[:first] + block + data[last:]


def _inserted(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.randrange(1, _LONGEST)) + data[at:]


def _cut(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _random_tail(data: bytes, rng: Random) -> bytes:
    """Keep the beginning, by which the format is known; the rest is noise."""
    return data[: rng.choice((4, 8, 16, 64))] + rng.randbytes(rng.randrange(256))


_COMMON: tuple[Callable[[bytes, Random], bytes], ...] = (_flipped, _overwritten, _spliced)
_WAYS = (*_COMMON, *_COMMON, *_COMMON, _inserted, _cut, _random_tail)
