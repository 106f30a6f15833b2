"""Reads TOML into frozen dataclasses: the field types are the schema, every problem is reported.

Understood field types: ``int``, ``str``, ``float``, ``bool``, ``tuple[T, ...]``, ``T | None`` and
dataclasses of these. A field without default is required.
"""

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path

from edgec.errors import EdgecError, Place, raise_all
from edgec.reading import read_limited

T = typing.TypeVar("T")

_FORMS = "numbers stand bare, texts in double quotes, lists in [ ], tables under [name]"
_MAX_BYTES = 1 << 20
_NAMES = {int: "an integer", str: "a string", float: "a number", bool: "true or false"}


def read_toml(path: Path, into: type[T], given: Mapping[str, object]) -> T:
    """Read ``path`` as a dataclass ``into``; the fields in ``given`` come from the caller.

    Raises ``unreadable-file``, ``invalid-toml``, or all of ``unknown-key``, ``missing-key`` and
    ``wrong-type`` together.
    """
    reader = _Reader(str(path))
    fields = reader.table(_parse(path), into, "", frozenset(given))
    raise_all(reader.errors)
    return into(**fields, **given)


def _parse(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_limited(path, _MAX_BYTES).decode("utf-8"))
    except OSError as error:
        raise EdgecError(
            "unreadable-file",
            f"cannot read the file: {error.strerror or error}",
            place=Place(str(path)),
            help="check the path and its permissions",
        ) from None
    except (ValueError, RecursionError) as error:
        raise EdgecError(
            "invalid-toml",
            f"not valid TOML: {error}",
            place=Place(str(path)),
            help="fix the syntax; https://toml.io has the rules",
        ) from None


class _Reader:
    """Converts values by type; notes each problem with its place and goes on."""

    def __init__(self, file: str) -> None:
        self.errors: list[EdgecError] = []
        self._file = file

    def table(
        self, value: Mapping[str, object], into: type, place: str, given: frozenset[str]
    ) -> dict[str, object]:
        """Return the arguments of dataclass ``into``, converted from ``value``."""
        fields = {each.name: each for each in dataclasses.fields(into) if each.name not in given}
        hints = typing.get_type_hints(into)
        for key in value:
            if key not in fields:
                self._unknown(_join(place, key), key, list(fields))
        for name, each in fields.items():
            if name not in value and _is_required(each):
                self._add("missing-key", _join(place, name), "is missing", f"add `{name} = …`")
        return {
            name: self._value(value[name], hints[name], _join(place, name))
            for name in fields
            if name in value
        }

    def _value(self, value: object, kind: typing.Any, place: str) -> object:
        origin = typing.get_origin(kind)
        if origin in (types.UnionType, typing.Union):
            return self._value(value, typing.get_args(kind)[0], place)
        if origin is tuple:
            return self._sequence(value, typing.get_args(kind)[0], place)
        if dataclasses.is_dataclass(kind):
            return self._nested(value, typing.cast("type", kind), place)
        if type(value) is kind or (kind is float and type(value) is int):
            return value
        return self._wrong(place, _NAMES[kind], value)

    def _sequence(self, value: object, kind: typing.Any, place: str) -> object:
        if not isinstance(value, list):
            return self._wrong(place, "a list", value)
        return tuple(self._value(each, kind, f"{place}[{i}]") for i, each in enumerate(value))

    def _nested(self, value: object, kind: type, place: str) -> object:
        if not isinstance(value, dict):
            return self._wrong(place, "a table", value)
        before = len(self.errors)
        fields = self.table(value, kind, place, frozenset())
        return kind(**fields) if len(self.errors) == before else None

    def _unknown(self, place: str, key: str, known: list[str]) -> None:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
        self._add("unknown-key", place, "is not a known key", hint)

    def _wrong(self, place: str, expected: str, value: object) -> object:
        """Note the problem; the value stands in, nothing reads it."""
        self._add("wrong-type", place, f"expected {expected}, got {_show(value)}", _FORMS)
        return value

    def _add(self, code: str, place: str, problem: str, hint: str) -> None:
        at = Place(self._file, place)
        self.errors.append(EdgecError(code, f"{place}: {problem}", place=at, help=hint))


def _show(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - a line of a message


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _is_required(field: "dataclasses.Field[object]") -> bool:
    return field.default is dataclasses.MISSING
