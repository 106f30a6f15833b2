"""A graph while it is rewritten: nodes come and go one by one, and nothing is built anew.

Each node has a key: numbers of four bytes each, most significant first. Sorted by their keys, the
nodes are in order. Nodes that stand for another one get its key with a number behind it, so those
of others stay. (Bytes are hashed once and compared at once, however many numbers there are.)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import numpy as np

from edgec.ir import Array, Graph, Names, Node, TensorType, ValueName

Key = bytes
T = TypeVar("T")


class Table(Generic[T]):
    """What a graph knows about values, in the order that a dictionary built anew would have."""

    def __init__(self, items: Mapping[ValueName, T]) -> None:
        self._entries = {value: (rank, item) for rank, (value, item) in enumerate(items.items())}
        self._next = len(self._entries)
        self.names = Names(items)

    def __contains__(self, value: object) -> bool:
        return value in self._entries

    def __getitem__(self, value: ValueName) -> T:
        return self._entries[value][1]

    def __iter__(self) -> Iterator[ValueName]:
        return iter(self._entries)

    def get(self, value: ValueName) -> T | None:
        return self._entries[value][1] if value in self._entries else None

    def update(self, items: Mapping[ValueName, T]) -> None:
        """Add items; those of values that are listed already keep their place."""
        for value, item in items.items():
            self._put(value, self._entries.get(value, (self._next, item))[0], item)
            self._next += 1

    def drop(self, value: ValueName) -> None:
        if self._entries.pop(value, None) is not None:
            self.names.remove(value)

    def rename(self, names: Mapping[ValueName, ValueName]) -> None:
        """Call values otherwise; of two that become one, the place is the first's, the item not."""
        moved = {value: self._entries[value] for value in names if value in self._entries}
        for value in moved:
            self.drop(value)
        for value, entry in moved.items():
            entries = [entry, self._entries.get(names[value], entry)]
            (first, _), (_, last) = sorted(entries, key=lambda each: each[0])
            self._put(names[value], first, last)

    def in_order(self) -> dict[ValueName, T]:
        ranked = sorted(self._entries.items(), key=lambda each: each[1][0])
        return {value: item for value, (_, item) in ranked}

    def _put(self, value: ValueName, rank: int, item: T) -> None:
        if value not in self._entries:
            self.names.add(value)
        self._entries[value] = (rank, item)


@dataclass(slots=True)
class Changes:
    """What one replacement changed: new nodes, and values that are not what they were.

    ``made`` are those with another producer, type or constant; ``readers`` those that other nodes
    read, with the fewest that read them meanwhile.
    """

    nodes: dict[Key, None] = field(default_factory=dict)
    made: dict[ValueName, None] = field(default_factory=dict)
    readers: dict[ValueName, int] = field(default_factory=dict)


class WorkingGraph:
    """The nodes of a graph by key, who makes and who reads each value, types and constants."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._changes = Changes()
        self.inputs, self.outputs = frozenset(graph.inputs), frozenset(graph.outputs)
        self.types, self.constants = Table(graph.types), Table(graph.constants)
        self.nodes: dict[Key, Node] = {}
        self.names = Names()
        self.makers: dict[ValueName, Key] = {}
        self.readers: dict[ValueName, dict[Key, Node]] = {}
        self._loose: dict[ValueName, None] = dict.fromkeys([*graph.types, *graph.constants])
        """Values that may not be needed any more: at first any."""
        for index, node in enumerate(graph.nodes):
            self._link(_number(index), node)

    def graph(self) -> Graph:
        return replace(
            self._graph,
            nodes=tuple(self.nodes[key] for key in sorted(self.nodes)),
            types=self.types.in_order(),
            constants=self.constants.in_order(),
        )

    def replace(
        self,
        key: Key,
        nodes: Sequence[Node],
        names: Mapping[ValueName, ValueName],
        types: Mapping[ValueName, TensorType],
        constants: Mapping[ValueName, Array],
    ) -> Changes:
        """Put nodes in place of one, rename values, drop what nothing needs any more."""
        self._changes = Changes()
        self._unlink(key)
        for place, node in zip(_keys(key, len(nodes)), nodes, strict=True):
            self._link(place, node)
        self.types.update(types)
        self.constants.update({value: _frozen(array) for value, array in constants.items()})
        self._note_made([*types, *constants])
        self._forget_unused()  # first, since a value that is gone lends its place to no other
        self._rename(names)
        self._drop_dead()
        self._forget_unused()
        self._loose.clear()
        return self._changes

    def _link(self, key: Key, node: Node) -> None:
        self.nodes[key] = node
        self.names.add(node.name)
        for value in node.outputs:
            self.makers[value] = key
        for value in dict.fromkeys(node.inputs):
            readers = self.readers.setdefault(value, {})
            self._note_read(value, len(readers))
            readers[key] = node
        self._changes.nodes[key] = None
        self._note_made(node.outputs)

    def _unlink(self, key: Key) -> None:
        node = self.nodes.pop(key)
        self.names.remove(node.name)
        for value in node.outputs:
            if self.makers.get(value) == key:
                del self.makers[value]
        for value in dict.fromkeys(node.inputs):
            readers = self.readers[value]
            del readers[key]
            self._note_read(value, len(readers))
            if not readers:
                del self.readers[value]
        self._note_made(node.outputs)

    def _note_made(self, values: Iterable[ValueName]) -> None:
        for value in values:
            self._changes.made[value] = self._loose[value] = None

    def _note_read(self, value: ValueName, count: int) -> None:
        self._loose[value] = None
        self._changes.readers[value] = min(count, self._changes.readers.get(value, count))

    def _rename(self, names: Mapping[ValueName, ValueName]) -> None:
        keys = {key for value in names for key in self.readers.get(value, ())}
        keys |= {self.makers[value] for value in names if value in self.makers}
        for key in keys:
            node = self.nodes[key]
            self._unlink(key)
            inputs = tuple(names.get(value, value) for value in node.inputs)
            outputs = tuple(names.get(value, value) for value in node.outputs)
            self._link(key, replace(node, inputs=inputs, outputs=outputs))
        self.types.rename(names)
        self.constants.rename(names)
        self._note_made([*names, *names.values()])

    def _drop_dead(self) -> None:
        waiting = list(self._loose)
        while waiting:
            key = self.makers.get(waiting.pop())
            if key is not None and not any(map(self._is_needed, self.nodes[key].outputs)):
                waiting += self.nodes[key].inputs
                self._unlink(key)

    def _is_needed(self, value: ValueName) -> bool:
        return value in self.readers or value in self.outputs

    def _forget_unused(self) -> None:
        for value in self._loose:
            kept = self._is_needed(value) or value in self.makers or value in self.inputs
            if not kept:
                self.types.drop(value)
                self.constants.drop(value)


def _keys(key: Key, count: int) -> list[Key]:
    """Return keys for nodes in place of the one that had ``key``."""
    return [key] if count == 1 else [key + _number(index) for index in range(count)]


def _number(index: int) -> bytes:
    return index.to_bytes(4, "big")


def _frozen(array: Array) -> Array:
    array = np.asarray(array)
    array.flags.writeable = False
    return array
