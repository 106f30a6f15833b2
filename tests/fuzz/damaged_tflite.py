"""Damage to TFLite files, field by field: shapes, types, buffers, operators and their options.

The fields are found by the format's own tables and overwritten where they are.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fuzz import damaged_bytes, wild

_VECTOR = "["
_SCALARS = {"b": 1, "i": 4, "I": 4, "q": 8, "Q": 8, "f": 4}
_SCHEMA = {
    "Model": {0: "I", 1: "[OperatorCode", 2: "[SubGraph", 3: "[B", 4: "[Buffer", 7: "[Signature"},
    "OperatorCode": {0: "b", 1: "[B", 2: "i", 3: "i"},
    "SubGraph": {0: "[Tensor", 1: "[i", 2: "[i", 3: "[Operator", 4: "[B"},
    "Tensor": {0: "[i", 1: "b", 2: "I", 3: "[B", 4: "Quantization", 5: "b", 6: "Sparsity", 7: "[i"},
    "Sparsity": {0: "[i", 1: "[i", 2: "[Level"},
    "Level": {0: "b", 1: "i", 2: "b", 3: "Places", 4: "b", 5: "Places"},
    "Places": {0: "[B"},
    "Quantization": {0: "[f", 1: "[f", 2: "[f", 3: "[q", 4: "b", 5: "Any", 6: "i"},
    "Operator": {0: "I", 1: "[i", 2: "[i", 3: "b", 4: "Any", 5: "[B", 8: "[i"},
    "Buffer": {0: "[B", 1: "Q", 2: "Q"},
    "Signature": {0: "[TensorMap", 1: "[TensorMap", 2: "[B", 4: "I"},
    "TensorMap": {0: "[B", 1: "I"},
    "Any": {},
}
"""Table -> slot -> what is there: a scalar as `struct` has it, a table, or a vector of either.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs. Of a table that is "Any" (options of an
operator) all slots are taken for scalars.
"""
_LONGEST = 300  # elements of a vector that are looked at


@dataclass(frozen=True, slots=True)
class Field:
    """A number in the file: where, and what `struct` calls it. ``group`` is its table and slot."""

    at: int
    code: str
    group: str

    def read(self, data: bytearray) -> int | float:
        found: int | float = struct.unpack_from(f"<{self.code}", data, self.at)[0]
        return found

    def write(self, data: bytearray, rng: Random) -> None:
        """Overwrite the number with another one of its type."""
        old = self.read(data)
        if self.code == "f":
            struct.pack_into("<f", data, self.at, wild.real(rng, near=float(old)))
            return
        bits, signed = 8 * struct.calcsize(self.code), self.code.islower()
        value = wild.integer(rng, bits, signed=signed, near=int(old))
        struct.pack_into(f"<{self.code}", data, self.at, value)


def damage(data: bytes, rng: Random) -> bytes:
    """Return the file with one to three fields changed; ``struct.error`` where it is none."""
    groups: dict[str, list[Field]] = {}
    for field in fields_of(data):
        groups.setdefault(field.group, []).append(field)
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        fields = groups[rng.choice(sorted(groups))]
        field = rng.choice(fields)
        if rng.random() < 0.3:
            other = rng.choice(fields)
            struct.pack_into(f"<{field.code}", changed, field.at, other.read(changed))
        else:
            field.write(changed, rng)
    return bytes(changed) if changed != data else damaged_bytes.damage(data, rng)


def fields_of(data: bytes) -> Iterator[Field]:
    """Yield all numbers of a file; the group of offsets, pointers and lengths says so."""
    yield from _fields(data, "Model", _u32(data, 0))


def _fields(data: bytes, table: str, at: int) -> Iterator[Field]:
    """Yield the numbers of a table that begins at ``at``, and of all below it."""
    start = at - struct.unpack_from("<i", data, at)[0]
    slots = (struct.unpack_from("<H", data, start)[0] - 4) // 2
    for slot in range(slots):
        offset = struct.unpack_from("<H", data, start + 4 + 2 * slot)[0]
        yield Field(start + 4 + 2 * slot, "H", f"{table}.{slot} offset")
        if offset:
            yield from _field(data, f"{table}.{slot}", _kind(table, slot), at + offset)


def _kind(table: str, slot: int) -> str:
    return _SCHEMA[table].get(slot, "b" if slot % 2 else "i")


def _field(data: bytes, group: str, kind: str, at: int) -> Iterator[Field]:
    if kind in _SCALARS:
        yield Field(at, kind, group)
        return
    there = at + _u32(data, at)
    yield Field(at, "I", f"{group} pointer")
    if not kind.startswith(_VECTOR):
        yield from _fields(data, kind, there)
        return
    element, count = kind[1:], min(_u32(data, there), _LONGEST)
    yield Field(there, "I", f"{group} length")
    if element in _SCHEMA:
        for number in range(count):
            place = there + 4 + 4 * number
            yield from _fields(data, element, place + _u32(data, place))
        return
    size = struct.calcsize(element)
    for number in range(count):
        yield Field(there + 4 + size * number, element, group)


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])
