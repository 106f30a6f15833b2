"""Prints calls, structs and arrays as C. All numbers are final: no arithmetic is left to the C."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array
from edgec.program import (
    ArenaRef,
    Argument,
    Call,
    ConstantRef,
    Null,
    OperandRef,
    Scalar,
    Struct,
)

_C_TYPES = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "uint16": "uint16_t",
    "int32": "int32_t",
    "uint32": "uint32_t",
    "int64": "int64_t",
    "float32": "float",
    "bool": "uint8_t",
}
_LINE = 96


@dataclass(frozen=True, slots=True)
class Names:
    """C names of what a program refers to: symbols of constant arrays, offsets of storages."""

    symbols: Mapping[str, str]
    offsets: Mapping[str, int]


def c_type(dtype_name: str) -> str:
    """Return the C type of a NumPy element type."""
    return _C_TYPES[dtype_name]


def number(value: float) -> str:
    """Print a number so that C reads the same value: int32 for integers, float for the rest."""
    if isinstance(value, int):
        return "(-2147483647 - 1)" if value == -(2**31) else str(value)
    text = f"{np.float32(value):.9g}"
    return f"{text}f" if any(mark in text for mark in ".en") else f"{text}.0f"


def array_body(data: Array) -> str:
    """Print the elements of an array, comma separated, in lines below 100 columns."""
    if data.dtype == np.float32:
        items = [number(float(each)) for each in data.ravel()]
    else:
        items = [number(int(each)) for each in data.ravel()]
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) + 2 > _LINE:
            lines.append(line.rstrip())
            line = ""
        line += f"{item}, "
    lines.append(line.rstrip().rstrip(","))
    return "\n".join(f"    {each}" for each in lines)


def body_lines(calls: Sequence[Call], names: Names) -> list[str]:
    """Print the body of a function that makes calls, one after the other, and returns a status.

    It is that of the first that fails, 0 where none does.
    """
    *first, last = calls
    lines: list[str] = []
    for number, call in enumerate(first):
        lines += _checked(call, names, f"_{number}")
    made, invocation = _invocation(last, names, f"_{len(first)}" if first else "")
    if last.returns_status:
        return [*lines, *made, *_wrapped(f"return (int32_t){invocation}")]
    return [*lines, *made, *_wrapped(invocation), "return 0;"]


def _checked(call: Call, names: Names, suffix: str) -> list[str]:
    """Print a call that others follow: a failure ends the function."""
    made, invocation = _invocation(call, names, suffix)
    if not call.returns_status:
        return [*made, *_wrapped(invocation)]
    status = f"status{suffix}"
    return [
        *made,
        *_wrapped(f"const int32_t {status} = (int32_t){invocation}"),
        f"if ({status} != 0) {{",
        f"    return {status};",
        "}",
    ]


def _invocation(call: Call, names: Names, suffix: str) -> tuple[list[str], str]:
    """Return the declarations of a call's structs, and the call."""
    lines: list[str] = []
    args: list[str] = []
    for position, argument in enumerate(call.args):
        if isinstance(argument, Struct):
            name = f"arg{position}{suffix}"
            storage = "const" if _needs_arena(argument) else "static const"
            lines.append(f"{storage} {argument.c_type} {name} = {_struct(argument, names)};")
            args.append(f"&{name}")
        else:
            args.append(_value(argument, names))
    return lines, f"{call.function}({', '.join(args)});"


def uses_arena(calls: Sequence[Call]) -> bool:
    """Tell whether any argument points into the arena."""
    return any(_needs_arena(each) for call in calls for each in call.args)


def _wrapped(text: str) -> list[str]:
    """Break a long call after commas."""
    lines, line = [], ""
    for part in text.split(", "):
        piece = part if part.endswith(";") else f"{part}, "
        if len(line) + len(piece) > _LINE:
            lines.append(line.rstrip())
            line = "    "
        line += piece
    return [*lines, line]


def _needs_arena(argument: Argument) -> bool:
    if isinstance(argument, Struct):
        return any(_needs_arena(each) for each in argument.fields.values())
    return isinstance(argument, ArenaRef)


def _value(argument: Argument, names: Names) -> str:
    match argument:
        case Scalar(value=value, c_type="float"):
            return number(float(value))
        case Scalar(value=value):
            return number(int(value))
        case Null():
            return "NULL"
        case ConstantRef():
            return _constant(argument, names)
        case ArenaRef(storage=storage, offset=offset):
            return f"(void *)(arena + {names.offsets[storage] + offset})"
        case OperandRef(role=role):
            message = f"an operand that was not placed: {role!r}"
            raise AssertionError(message)
        case Struct():
            return _struct(argument, names)


def _constant(constant: ConstantRef, names: Names) -> str:
    symbol = names.symbols[constant.array]
    if constant.offset:
        symbol = f"({symbol} + {constant.offset})"
    return f"(void *){symbol}" if constant.mutable else symbol


def _struct(struct: Struct, names: Names) -> str:
    fields = ", ".join(f".{name} = {_value(each, names)}" for name, each in struct.fields.items())
    return f"{{{fields}}}"
