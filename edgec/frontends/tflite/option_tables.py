"""Decodes the options table of any TFLite operator to plain Python values."""

import math
import re
from collections.abc import Mapping
from functools import cache
from struct import pack
from typing import Any

import tflite

from edgec.ops.tflite_operators import tflite_operator
from edgec.tflite_schema import ENUM_FIELDS, OPTIONS_NAMES, names_of

_EMPTY_TABLE = pack("<HHi", 4, 4, 4)  # a vtable without fields, and a table that refers to it
_NO_FIELDS = re.compile(r"Init|GetRootAs\w*|\w+(BufferHasIdentifier|AsNumpy|Length|IsNone)")


def decode_options(op: str, options: Any, options_type: int, limit: int) -> dict[str, Any]:
    """Return the attributes of operator ``op``: StrideH -> stride_h, enums as their names.

    ``options`` is the flatbuffer table or None, where the schema's defaults hold. A vector of more
    than ``limit`` elements, an enum value that does not exist, a number that is not finite or a
    table that belongs to another operator raise ``ValueError``.
    """
    expected = options_table(op)
    if options is None or options_type == tflite.BuiltinOptions.NONE:
        return dict(default_options(expected))
    given = OPTIONS_NAMES.get(options_type)
    if given is None or (expected and given != expected):
        message = f"operator {op} has options of type {given or options_type}"
        raise ValueError(message)
    return _decode(given, options.Bytes, options.Pos, limit)


def options_table(op: str) -> str:
    """Return the name of the options table of an operator, empty where it has none."""
    return tflite_operator(op).options or _tables_by_name().get(op.replace("_", "") + "OPTIONS", "")


@cache
def default_options(table: str) -> Mapping[str, Any]:
    """Return the attributes of a table in which nothing is set: the defaults of the schema."""
    return _decode(table, _EMPTY_TABLE, 4, 0) if table else {}


@cache
def _tables_by_name() -> dict[str, str]:
    return {name.upper(): name for name in OPTIONS_NAMES.values() if name != "NONE"}


def _decode(table: str, data: bytes, position: int, limit: int) -> dict[str, Any]:
    reader = getattr(tflite, table)()
    reader.Init(data, position)
    return {_snake(each): _field(reader, each, limit) for each in _fields(table)}


@cache
def _fields(table: str) -> tuple[str, ...]:
    members = vars(getattr(tflite, table))
    return tuple(
        each
        for each in members
        if each[0].isupper() and not _NO_FIELDS.fullmatch(each) and callable(members[each])
    )


def _field(reader: Any, name: str, limit: int) -> Any:
    if hasattr(reader, f"{name}Length"):
        return _vector(reader, name, limit)
    value = getattr(reader, name)()
    if name in ENUM_FIELDS:
        return _enum_name(name, value)
    if isinstance(value, float) and not math.isfinite(value):
        message = f"option {_snake(name)} is {value}"
        raise ValueError(message)
    return value


def _vector(reader: Any, name: str, limit: int) -> list[Any]:
    length = getattr(reader, f"{name}Length")()
    if length > limit:
        message = f"option {_snake(name)} has {length} elements"
        raise ValueError(message)
    return list(getattr(reader, f"{name}AsNumpy")().tolist()) if length else []


def _enum_name(field: str, value: int) -> str:
    name = names_of(ENUM_FIELDS[field]).get(value)
    if name is None:
        message = f"option {_snake(field)} is {value}, which the schema does not know"
        raise ValueError(message)
    return name


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
