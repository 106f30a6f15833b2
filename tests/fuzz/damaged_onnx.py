"""Damage to ONNX models, field by field: what parses, and says something else than before."""

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any

import onnx
from fuzz import damaged_bytes, wild

_INTEGER_BITS = {1: (32, True), 2: (64, True), 3: (32, False), 4: (64, False)}  # of cpp_type
_DOUBLE, _FLOAT, _BOOL, _ENUM, _STRING, _MESSAGE = 5, 6, 7, 8, 9, 10
_BYTES = 12  # of type; for cpp_type it is a string
_DEEPER = 0.92
_UNSET = 0.12
_POOL = 400  # names of a model that are looked at


def damage(data: bytes, rng: Random) -> bytes:
    """Return the model with one to three fields changed."""
    model = onnx.ModelProto.FromString(data)
    names = _names(model)
    for _ in range(rng.choice((1, 1, 2, 3))):
        inside = model.graph if rng.random() < _DEEPER else model
        _change(inside, rng, names)
    return bytes(model.SerializeToString())


def _names(model: onnx.ModelProto) -> Sequence[str]:
    """Return what the values of a model are called: with these, nodes are rewired."""
    graph = model.graph
    named = [each.name for each in (*graph.input, *graph.output, *graph.initializer)]
    made = [name for node in graph.node[:_POOL] for name in (*node.input, *node.output)]
    return [*named[:_POOL], *made] or [""]


def _change(message: Any, rng: Random, names: Sequence[str]) -> None:
    """Go down to some field of a message, and change that one."""
    fields = [(field, value) for field, value in message.ListFields()]
    if not fields or rng.random() < _UNSET:
        _set(message, rng.choice(message.DESCRIPTOR.fields), rng, names)
        return
    field, value = rng.choice(fields)
    if hasattr(value, "DESCRIPTOR"):
        _change(value, rng, names)
    elif not hasattr(value, "extend"):
        _set(message, field, rng, names)
    elif hasattr(value, "add") and rng.random() < _DEEPER:
        _change(rng.choice(value), rng, names)
    else:
        _change_list(value, field, rng, names)


def _change_list(values: Any, field: Any, rng: Random, names: Sequence[str]) -> None:
    """Drop, repeat, swap or change an element of a list that is not empty."""
    at, other = rng.randrange(len(values)), rng.randrange(len(values))
    way = rng.randrange(5)
    if way == 0:
        del values[at]
    elif way == 1:
        values.append(values[at])
    elif hasattr(values, "add"):
        first = type(values[at]).FromString(values[at].SerializeToString())
        values[at].CopyFrom(values[other])
        values[other].CopyFrom(first)
    elif way == 2:
        values[at], values[other] = values[other], values[at]
    else:
        values[at] = _value(field, values[at], rng, names)


def _set(message: Any, field: Any, rng: Random, names: Sequence[str]) -> None:
    """Give a field another value, set or not; now and then take it away."""
    value = getattr(message, field.name)
    if rng.random() < _UNSET:
        message.ClearField(field.name)
    elif hasattr(value, "DESCRIPTOR"):
        value.SetInParent()
    elif hasattr(value, "add"):
        value.add()
    elif hasattr(value, "extend"):
        value.append(_value(field, None, rng, names))
    else:
        setattr(message, field.name, _value(field, value, rng, names))


def _value(field: Any, old: Any, rng: Random, names: Sequence[str]) -> Any:
    kind = field.cpp_type
    if kind in _INTEGER_BITS:
        bits, signed = _INTEGER_BITS[kind]
        return wild.integer(rng, bits, signed=signed, near=old or 0)
    if kind in {_DOUBLE, _FLOAT}:
        return wild.real(rng, near=old or 1.0)
    if kind == _BOOL:
        return not old
    if kind == _ENUM:
        return rng.choice(field.enum_type.values).number
    if field.type == _BYTES:
        return damaged_bytes.damage(old or b"", rng)
    return _text(field.name, rng, names)


def _text(field: str, rng: Random, names: Sequence[str]) -> str:
    if rng.random() < 0.2:
        return wild.text(rng)
    if field == "op_type":
        return rng.choice(_operators())
    if field == "domain":
        return rng.choice(("", "ai.onnx", "ai.onnx.ml", "com.microsoft"))
    return rng.choice(_attributes()) if rng.random() < 0.2 else rng.choice(names)


@cache
def _operators() -> Sequence[str]:
    return sorted({each.name for each in onnx.defs.get_all_schemas()})


@cache
def _attributes() -> Sequence[str]:
    schemas = onnx.defs.get_all_schemas()
    return sorted({name for each in schemas for name in each.attributes})
