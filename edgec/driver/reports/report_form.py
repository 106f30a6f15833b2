"""What commands rely on in a report.json, which may be damaged: keys and types, as data.

A form is a type, a predicate, a table of forms (all keys required, but those that end in ``?``), a
list with the form of each element, or a tuple of alternatives, of which None is null.
"""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from edgec.ir import DType

Form = Any


def form_problems(value: object, form: Form, where: str = "") -> Iterator[str]:
    """Yield what does not have its form: its place and what is there."""
    if isinstance(form, tuple):
        if not any(_fits(value, each) for each in form):
            yield from form_problems(value, next(each for each in form if each is not None), where)
    elif isinstance(form, dict):
        yield from _table_problems(value, form, where)
    elif isinstance(form, list):
        yield from _list_problems(value, form[0], where)
    elif not _fits(value, form):
        yield f"{where or 'it'} is {_shown(value)}"


def _table_problems(value: object, form: dict[str, Form], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where or 'it'} is {_shown(value)}"
        return
    for key, inner in form.items():
        name = key.removesuffix("?")
        place = f"{where}.{name}" if where else name
        if name in value:
            yield from form_problems(value[name], inner, place)
        elif name == key:
            yield f"{place} is missing"


def _list_problems(value: object, form: Form, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is {_shown(value)}"
        return
    for index, each in enumerate(value):
        yield from form_problems(each, form, f"{where}[{index}]")


def _fits(value: object, form: Form) -> bool:
    if form is None:
        return value is None
    if isinstance(form, dict | list):
        return next(form_problems(value, form), None) is None
    if isinstance(form, type):
        return isinstance(value, form)
    test: Callable[[object], bool] = form
    return test(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _count(value: object) -> bool:
    return type(value) is int and 0 <= value < _HUGE


def _whole(value: object) -> bool:
    return type(value) is int and -_HUGE < value < _HUGE


def _number(value: object) -> bool:
    return _whole(value) or (isinstance(value, float) and math.isfinite(value))


def _scale(value: object) -> bool:
    return isinstance(value, int | float) and _number(value) and 0 <= value < _LARGEST_SCALE


def _identifier(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isidentifier()


def _hash(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _dtype(value: object) -> bool:
    return value in [each.value for each in DType]


_LONGEST = 60
_HUGE = 1 << 53
_LARGEST_SCALE = 1e30
_PORT = {
    "name": str,
    "shape": [_count],
    "dtype": _dtype,
    "scale": (_scale, None),
    "zero_point": (_whole, None),
    "layout": ([_count], None),
    "float_source": bool,
    "halves_to_even?": bool,
}
FIGURES: Form = {
    "memory": {
        f"{name}?": (_number, None)
        for name in (
            "ram_total_bytes",
            "arena_bytes",
            "stack_bytes",
            "flash_total_bytes",
            "weights_bytes",
            "code_bytes",
        )
    },
    "model": {"macs?": (_number, None), "params?": (_number, None)},
    "layers?": [{"cycles_estimate?": (_number, None)}],
    "instructions_total?": (_number, None),
    "accuracy?": (
        {
            "quantized?": (_number, None),
            "metric?": (str, None),
            "labels?": (str, None),
            "higher_is_better?": (bool, None),
        },
        None,
    ),
    "quantization?": ({}, None),
}
"""What can be compared."""
REPORT: Form = {
    "schema": _whole,
    "edgec_version?": str,
    "board": str,
    "model": {"name": _identifier, "sha256": _hash, "inputs": [_PORT], "outputs": [_PORT]},
    "memory": {"plan": [{"tensor": str, "offset": _count}]},
    "layers": [{"name": str, "op": str, "kernel": str, "macs": _count, "weights_bytes": _count}],
}
"""What all other commands read."""
