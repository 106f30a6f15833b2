"""How much memory a model may ask for: counted before it is taken, whatever would take it."""

from dataclasses import dataclass

LARGEST_VALUE = 1 << 28
"""Bytes of one value: in int8 it still has 64 MiB, more than any microcontroller's memory."""

_MADE = 1 << 26
_PER_BYTE = 16  # int8 weights are four bytes as floats, and pass through a few nodes
_UNKNOWN = 1 << 30


class TooLargeError(ValueError):
    """What would be made is beyond any microcontroller; nothing has been made yet."""


@dataclass(eq=False)
class Room:
    """Bytes of constants that one model may become: those it has, and those that folding makes.

    A file of a few bytes can ask for constants of any size, and for any number of them.
    """

    limit: int = _UNKNOWN
    taken: int = 0

    @classmethod
    def of_file(cls, size: int) -> "Room":
        """Return the room of a file of ``size`` bytes."""
        return cls(_MADE + _PER_BYTE * size)

    def check(self, size: int) -> None:
        """Raise :class:`TooLargeError` where ``size`` more bytes are too many."""
        if self.taken + size > self.limit:
            before = f", {self.taken + size:,} with the constants before it" if self.taken else ""
            message = f"a constant of {size:,} bytes would be made{before}; {self.limit:,} may be"
            raise TooLargeError(message)

    def take(self, size: int) -> None:
        """Count ``size`` bytes that are about to be made; raises as :meth:`check`."""
        self.check(size)
        self.taken += size
