"""``<name>.edgec`` -> target graph. The file is not trusted: all of it is checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import (
    Array,
    DType,
    Graph,
    InvalidGraphError,
    Node,
    QParams,
    State,
    TensorType,
    ValueName,
    verify,
)
from edgec.target_file.attributes import decode, decode_operator
from edgec.target_file.container import Container, DamagedFileError, OtherVersionError

MAX_BYTES = 1 << 30  # of a tensor: far beyond any microcontroller
# What an operator raises on shapes that it cannot take.
_MISFITS = (ValueError, IndexError, KeyError, TypeError, OverflowError, ZeroDivisionError)


def read_target(raw: bytes, path: Path) -> Graph:
    """Return the graph in a file's bytes.

    Raises ``damaged-target`` for what no edgec wrote, ``other-target-version`` for what another
    one did.
    """
    place = Place(str(path))
    try:
        return _graph(Container.of_bytes(raw))
    except OtherVersionError as error:
        raise EdgecError(
            "other-target-version",
            f"this target graph has format {error.args[0]}, this edgec reads format 1",
            place=place,
            help="build it again with this edgec, or use the edgec that made it",
        ) from None
    except (DamagedFileError, InvalidGraphError) as error:
        raise _damaged(str(error), place) from None
    except _MISFITS as error:
        raise _damaged(f"an operator does not fit its tensors: {error}", place) from None


def _damaged(message: str, place: Place) -> EdgecError:
    return EdgecError(
        "damaged-target",
        f"this is no target graph of edgec: {message}",
        place=place,
        help="build again",
    )


def _graph(container: Container) -> Graph:
    table = _Table(container.description)
    types = {ValueName(value): _type(kind) for value, kind in table.mapping("types").items()}
    constants = {
        ValueName(value): _constant(container, types, value, offset)
        for value, offset in table.mapping("constants").items()
    }
    graph = Graph(
        table.text("name"),
        _values(table.texts("inputs")),
        _values(table.texts("outputs")),
        tuple(_node(each) for each in table.items("nodes")),
        types,
        constants,
        {ValueName(k): decode(tuple[int, ...], v) for k, v in table.mapping("layouts").items()},
        states=tuple(_state(each) for each in table.items("states")),
        halves_to_even=bool(decode(bool, table.get("halves_to_even"))),
        remarks=tuple(table.texts("remarks")),
        aliases=_aliases(table),
    )
    verify(graph)
    return graph.fixed_aside()


@dataclass(frozen=True, slots=True)
class _Table:
    """A JSON object with getters that check what they get."""

    values: Mapping[str, Any]

    @classmethod
    def of(cls, value: Any) -> "_Table":
        if not isinstance(value, dict):
            message = f"{str(value)[:60]!r} is no table"
            raise DamagedFileError(message)
        return cls(value)

    def get(self, key: str) -> Any:
        if key not in self.values:
            message = f"{key!r} is missing"
            raise DamagedFileError(message)
        return self.values[key]

    def text(self, key: str) -> str:
        return str(decode(str, self.get(key)))

    def texts(self, key: str) -> list[str]:
        return list(decode(tuple[str, ...], self.get(key)))

    def items(self, key: str) -> list[Any]:
        value = self.get(key)
        if not isinstance(value, list):
            message = f"{key!r} is no list"
            raise DamagedFileError(message)
        return value

    def mapping(self, key: str) -> Mapping[str, Any]:
        return _Table.of(self.get(key)).values


def _aliases(table: _Table) -> dict[ValueName, str]:
    """Return other names of inputs and outputs; files have none where there are none."""
    if "aliases" not in table.values:
        return {}
    return {ValueName(k): str(decode(str, v)) for k, v in table.mapping("aliases").items()}


def _values(names: list[str]) -> tuple[ValueName, ...]:
    return tuple(ValueName(name) for name in names)


def _type(value: Any) -> TensorType:
    table = _Table.of(value)
    shape = decode(tuple[int, ...], table.get("shape"))
    dtype = decode(DType, table.get("dtype"))
    kind = TensorType(shape, dtype, decode(QParams | None, table.get("qparams")))
    if any(extent < 0 for extent in shape) or kind.bytes > MAX_BYTES:
        message = f"a tensor of shape {shape}"
        raise DamagedFileError(message)
    return kind


def _constant(
    container: Container, types: Mapping[ValueName, TensorType], value: str, offset: Any
) -> Array:
    kind = types.get(ValueName(value))
    if kind is None or type(offset) is not int:
        message = f"constant {value!r} has no type or no place"
        raise DamagedFileError(message)
    raw = container.part(offset, kind.bytes)
    stored = np.frombuffer(raw, kind.dtype.numpy.newbyteorder("<"))
    return stored.astype(kind.dtype.numpy).reshape(kind.shape)


def _node(value: Any) -> Node:
    table = _Table.of(value)
    return Node(
        table.text("name"),
        decode_operator(table.get("op")),
        _values(table.texts("inputs")),
        _values(table.texts("outputs")),
        tuple(table.texts("origins")),
    )


def _state(value: Any) -> State:
    before, after = decode(tuple[str, str], value)
    return State(ValueName(before), ValueName(after))
