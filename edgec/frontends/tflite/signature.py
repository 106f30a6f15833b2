"""The names that a TFLite file's signature gives to inputs and outputs."""

from collections.abc import Callable
from typing import Any

Count = Callable[[Any, str], int]


def signature_names(model: Any, tensors: int, count: Count) -> dict[int, str]:
    """Return tensor number -> name from the file's one signature; nothing without one.

    ``count(table, field)`` returns the length of a vector once it is known to be sane. A tensor
    that is named twice gets its first name; names of tensors that do not exist are of no use.
    """
    names: dict[int, str] = {}
    if count(model, "SignatureDefs") != 1:
        return names
    signature = model.SignatureDefs(0)
    for field in ("Inputs", "Outputs"):
        for index in range(count(signature, field)):
            entry = getattr(signature, field)(index)
            number, name = int(entry.TensorIndex()), _text(entry.Name())
            if name and 0 <= number < tensors:
                names.setdefault(number, name)
    return names


def _text(name: bytes | None) -> str:
    return (name or b"").decode("utf-8", "backslashreplace")
