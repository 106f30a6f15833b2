"""Attributes of operators as JSON values and back: by the types that their fields declare.

Floats are written as hexadecimal texts, which keep every bit and know infinities.
"""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from edgec.ops.catalog import operators
from edgec.ops.operator import Operator
from edgec.target_file.container import DamagedFileError

_KNOWN: dict[str, type[Operator]] = {}


def encode(value: Any) -> Any:
    """Return the JSON value of an attribute."""
    if isinstance(value, Operator):
        return encode_operator(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: encode(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [encode(each) for each in value]
    return value.value if isinstance(value, Enum) else _encode_plain(value)


def _encode_plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | np.bool_ | str):
        return bool(value) if isinstance(value, np.bool_) else value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value).hex()
    message = f"no way to write {value!r}"
    raise TypeError(message)


def encode_operator(op: Operator) -> dict[str, Any]:
    """Return an operator's name and its attributes."""
    return {"op": op.name, **{each.name: encode(getattr(op, each.name)) for each in fields(op)}}


def decode_operator(value: Any) -> Operator:
    """Return the operator that :func:`encode_operator` wrote; :class:`DamagedFileError`."""
    if not isinstance(value, dict) or not isinstance(value.get("op"), str):
        raise _not(value, "an operator")
    kind = _operator(value["op"])
    if kind is None:
        message = f"there is no operator {value['op']!r}"
        raise DamagedFileError(message)
    made = _dataclass(kind, {name: each for name, each in value.items() if name != "op"})
    if not isinstance(made, Operator):
        raise _not(value, "an operator")
    return made


def decode(kind: Any, value: Any) -> Any:
    """Return the value of a declared type; :class:`DamagedFileError` where it is none."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _union(get_args(kind), value)
    if origin is tuple:
        return _tuple(get_args(kind), value)
    if isinstance(kind, type) and issubclass(kind, Operator) and kind is Operator:
        return decode_operator(value)
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind, value)
    return _plain(kind, value)


def _plain(kind: Any, value: Any) -> Any:
    if kind is float and isinstance(value, str):
        try:
            return float.fromhex(value)
        except (ValueError, OverflowError):
            raise _not(value, "a number") from None
    if kind in {bool, str, int} and type(value) is kind:
        return value
    if kind is type(None) and value is None:
        return None
    raise _not(value, getattr(kind, "__name__", str(kind)))


def _union(kinds: tuple[Any, ...], value: Any) -> Any:
    for kind in kinds:
        try:
            return decode(kind, value)
        except DamagedFileError:
            continue
    raise _not(value, " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds))


def _tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _not(value, "a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        return tuple(decode(kinds[0], each) for each in value)
    if len(kinds) != len(value):
        raise _not(value, f"a list of {len(kinds)}")
    return tuple(decode(kind, each) for kind, each in zip(kinds, value, strict=True))


def _enum(kind: type[Enum], value: Any) -> Enum:
    try:
        return kind(value)
    except ValueError:
        raise _not(value, kind.__name__) from None


def _dataclass(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise _not(value, kind.__name__)
    hints = _hints(kind)
    known = [each.name for each in fields(kind)]
    if sorted(known) != sorted(value):
        raise _not(sorted(value), f"{kind.__name__} with {', '.join(sorted(known))}")
    try:
        return kind(**{name: decode(hints[name], value[name]) for name in known})
    except (ValueError, TypeError) as error:
        message = f"{kind.__name__}: {error}"
        raise DamagedFileError(message) from None


def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _operator(name: str) -> type[Operator] | None:
    if name not in _KNOWN:
        _KNOWN.update({each.name: each for each in operators()})
    return _KNOWN.get(name)


def _not(value: Any, wanted: str) -> DamagedFileError:
    shown = repr(value)
    cut = 60
    return DamagedFileError(f"{shown[:cut]}{'…' if len(shown) > cut else ''} is not {wanted}")
