"""Where the elements of a value come from, through all that only moves data: layer and channel.

The moving operators themselves tell: they are evaluated on arrays of numbers that stand for the
channels they begin with.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.conversion.alike import Alike
from edgec.ops.conversion.own_range import OwnRange
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.depth_to_space import DepthToSpace, SpaceToDepth
from edgec.ops.movement.gather import Gather
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.resize_nearest import ResizeNearest
from edgec.ops.movement.slice import Slice
from edgec.ops.movement.tile import Tile
from edgec.ops.movement.transpose import Transpose

_MOVES = (
    *(Alike, Concatenation, DepthToSpace, Gather, OwnRange, Pad, Reshape, ResizeNearest),
    *(Slice, SpaceToDepth, Tile, Transpose),
)
_EXACT = 2**24  # numbers below are exact in float32


@dataclass(frozen=True, slots=True)
class Origin:
    """A value that is made, not moved; its channels (the last axis) are numbered from ``first``."""

    value: ValueName
    first: int
    channels: int


@dataclass(frozen=True, slots=True)
class Origins:
    """``numbers`` has, for every element of a value, that of its channel; 0 for constants."""

    numbers: Array
    origins: tuple[Origin, ...]
    moved: frozenset[ValueName]  # all that lies on the way, the value itself too


def origins_of(graph: Graph, value: ValueName) -> Origins:
    """Return where the elements of an activation come from."""
    producers = graph.producers()
    moves, sources, open_values = set[str](), dict[ValueName, None](), [value]
    moved = set[ValueName]()
    while open_values:
        each = open_values.pop()
        node = producers.get(each)
        if node is None or not isinstance(node.op, _MOVES):
            sources[each] = None
        elif node.name not in moves:
            moves.add(node.name)
            open_values += reversed(_moved(graph, node))
        if each not in sources:
            moved.add(each)
    found, numbers = _numbered(graph, list(sources))
    for node in graph.nodes:
        if node.name in moves:
            _follow(graph, node, numbers)
    return Origins(numbers[value].astype(np.int64), tuple(found), frozenset(moved))


def _moved(graph: Graph, node: Node) -> list[ValueName]:
    inputs = node.inputs if isinstance(node.op, Concatenation) else node.inputs[:1]
    return [each for each in inputs if each not in graph.constants]


def _numbered(
    graph: Graph, sources: Sequence[ValueName]
) -> tuple[list[Origin], dict[ValueName, Array]]:
    found, numbers, first = list[Origin](), dict[ValueName, Array](), 1
    for value in sources:
        shape = graph.types[value].shape
        channels = shape[-1] if shape else 1
        if first + channels >= _EXACT:
            channels = 1  # too many to tell apart
        found.append(Origin(value, first, channels))
        row = np.arange(first, first + channels, dtype=np.float32)
        numbers[value] = np.broadcast_to(row if shape else row[0], shape)
        first += channels
    return found, numbers


def _follow(graph: Graph, node: Node, numbers: dict[ValueName, Array]) -> None:
    """Move numbers as a node moves elements; constants and what is filled in have 0."""
    op = replace(node.op, value=0.0) if isinstance(node.op, Pad) else node.op
    inputs = [
        numbers[value] if value in numbers else np.zeros(graph.types[value].shape, np.float32)
        for value in node.inputs
    ]
    results = op.evaluate(inputs, graph.signature(node))
    numbers.update(zip(node.outputs, results, strict=True))
