"""Reads TOML into frozen dataclasses: the field types are the schema, every problem is reported.

Understood field types: ``int``, ``str``, ``float``, ``bool``, ``tuple[T, ...]``, ``T | None`` and
dataclasses of these. A field without default is required.
"""

import dataclasses
import difflib
import tomllib
import types
import typing
from pathlib import Path

from edgec.errors import EdgecError, Place, raise_all

_NAMES = {int: "an integer", str: "a string", float: "a number", bool: "true or false"}


def read_toml[T](path: Path, into: type[T], *, ignore: frozenset[str] = frozenset()) -> T:
    """Read ``path`` as a dataclass ``into``; keys in ``ignore`` are accepted and left out."""
    document = _parse(path)
    reader = _Reader(str(path))
    known = {key: value for key, value in document.items() if key not in ignore}
    value = reader.table(known, into, "")
    raise_all(reader.errors)
    return typing.cast("T", value)
