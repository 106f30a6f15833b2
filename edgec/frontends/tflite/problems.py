"""All problems of a TFLite file, each told once: by its cause, with where else it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgec.errors import EdgecError, Place
from edgec.frontends.tflite.refusals import LISTS, LOOP, Refusal, refusal_of

_SHOWN = 3  # other places that a problem names
_OTHERWISE = "replace it by operators that `edgec ops` lists"


@dataclass(frozen=True, slots=True)
class _Refused:
    """An operator that nothing imports: its name, where it is, what it makes and reads."""

    op: str
    place: Place
    makes: str
    reads: Sequence[str]


@dataclass(eq=False)
class Problems:
    """What keeps a file from being compiled, in the order found; the same again becomes a note."""

    _refused: dict[Refusal | str, list[_Refused]] = field(default_factory=dict)
    _alike: dict[tuple[str, ...], list[EdgecError]] = field(default_factory=dict)
    _order: list[Refusal | str | tuple[str, ...]] = field(default_factory=list)

    def refuse(self, op: str, place: Place, makes: str, reads: Sequence[str]) -> None:
        """Add an operator that nothing imports, with the names of its first output and inputs."""
        key = refusal_of(op) or op
        if key not in self._refused:
            self._order.append(key)
        self._refused.setdefault(key, []).append(_Refused(op, place, makes, reads))

    def add(self, error: EdgecError, kind: str = "") -> None:
        """Add another problem; those of one code, ``kind`` and help are told of together."""
        for each in error.problems():
            key = (each.code, kind or f"{each.place}{each.message}", each.help)
            if key not in self._alike:
                self._order.append(key)
            self._alike.setdefault(key, []).append(each)

    def all(self) -> list[EdgecError]:
        """Return one error per cause."""
        if LISTS in self._refused and LOOP in self._refused:  # the loop that fills the lists
            self._refused[LISTS] += self._refused.pop(LOOP)
            self._order.remove(LOOP)
        return [
            _joined(self._alike[key]) if isinstance(key, tuple) else _refusal(key, self._refused)
            for key in self._order
        ]


def _refusal(key: Refusal | str, refused: dict[Refusal | str, list[_Refused]]) -> EdgecError:
    first, *others = refused[key]
    reason = f": {key.reason}" if isinstance(key, Refusal) else ""
    makes = f" (makes {first.makes!r})" if first.makes and not others else ""
    verb = "are" if len({each.op for each in refused[key]}) > 1 else "is"
    return EdgecError(
        "unsupported-operator",
        f"{_counted([each.op for each in refused[key]])}{makes} {verb} not supported{reason}",
        place=first.place,
        help=key.remedy if isinstance(key, Refusal) else _OTHERWISE,
        notes=[*_ends(key, first), *_others([each.place.inside for each in others])],
    )


def _ends(key: Refusal | str, first: _Refused) -> list[str]:
    """Name what an operator reads, where the model may end before it."""
    if isinstance(key, str) or not key.ends_before or not first.reads:
        return []
    return [f"it reads {', '.join(map(repr, first.reads))}"]


def _counted(names: Sequence[str]) -> str:
    counts = {name: names.count(name) for name in dict.fromkeys(names)}
    return ", ".join(f"{name} ({n} times)" if n > 1 else name for name, n in counts.items())


def _joined(errors: Sequence[EdgecError]) -> EdgecError:
    first, *others = errors
    if not others:
        return first
    return EdgecError(
        first.code,
        first.message,
        place=first.place,
        help=first.help,
        notes=[*first.notes, *_others([each.place.inside for each in others])],
    )


def _others(places: Sequence[str]) -> list[str]:
    notes = [f"also {place}" for place in places[:_SHOWN]]
    left = len(places) - _SHOWN
    return [*notes, f"and {left} more"] if left > 0 else notes
