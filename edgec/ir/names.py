"""Names that are taken, and numbers behind them that make others, found without a search."""

from collections import Counter
from collections.abc import Collection, Container, Iterable

_FIRST = 2
_DIGITS = 9  # of the numbers that are ever reached


class Names:
    """A bag of names. Of each it is known up to which number ``name.number`` is taken too."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._times = Counter(iter(names))
        self._next: dict[str, int] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._times

    def add(self, name: str) -> None:
        self._times[name] += 1

    def remove(self, name: str) -> None:
        self._times[name] -= 1
        if self._times[name]:
            return
        del self._times[name]
        base, number = _parted(name)
        if base in self._next and number >= _FIRST:
            self._next[base] = min(number, self._next[base])

    def unused(self, name: str, *, free: Collection[str] = (), taken: Container[str] = ()) -> str:
        """Return ``name``, with a number behind it where it is taken (see :meth:`numbered`)."""
        is_free = (name not in self._times or name in free) and name not in taken
        return name if is_free else self.numbered(name, free=free, taken=taken)

    def numbered(self, name: str, *, free: Collection[str] = (), taken: Container[str] = ()) -> str:
        """Return ``name`` with the first number from 2 behind it that no other name has.

        Those in ``free`` do not count, those in ``taken`` do.
        """
        numbers = [number for base, number in map(_parted, free) if base == name]
        number = min([self._first(name), *(each for each in numbers if each >= _FIRST)])
        while True:
            candidate = f"{name}.{number}"
            if (candidate not in self._times or candidate in free) and candidate not in taken:
                return candidate
            number += 1

    def _first(self, name: str) -> int:
        number = self._next.get(name, _FIRST)
        while f"{name}.{number}" in self._times:
            number += 1
        self._next[name] = number
        return number


def _parted(name: str) -> tuple[str, int]:
    """Return what stands before the number and the number, 0 where there is none."""
    base, _, number = name.rpartition(".")
    is_number = number.isdecimal() and len(number) <= _DIGITS
    return (base, int(number)) if is_number else (name, 0)
