"""Axes of values on the way through an ONNX graph, and what operators may say of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx

from edgec.frontends.onnx.axes.known_shapes import Shape


@dataclass(frozen=True, slots=True)
class Role:
    """What an axis is to an operator; ``text`` says it, with the operator's name."""

    text: str
    is_batch: bool = False
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """How long an operator needs an axis to be; ``why`` says what it meets there.

    A loose one meets a constant with which it broadcasts: 1 would run, too.
    """

    extent: int
    why: str
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """An axis of a value: ``factor`` times as long as that of the model's input, plus ``added``.

    Where nobody knows how long, the factor is 0.
    """

    value: str
    axis: int
    rank: int
    factor: int = 1
    added: int = 0
    is_part: bool = False  # of an axis that took in others, which may be what it is

    def needed(self, meeting: Meeting) -> Meeting | None:
        """Return what a meeting here is for the model's input; None where nobody knows."""
        extent, rest = divmod(meeting.extent - self.added, self.factor) if self.factor else (0, 1)
        return None if rest or extent < 1 else replace(meeting, extent=extent)


@dataclass(frozen=True, slots=True)
class Reading:
    """A node that reads a spot as its input ``index``."""

    node: Any
    index: int
    spot: Spot
    shapes: Mapping[str, Shape]
    lists: Mapping[str, Any]
    opset: int
    attributes: Mapping[str, Any]

    @property
    def axis(self) -> int:
        return self.spot.axis

    @property
    def rank(self) -> int:
        return self.spot.rank

    @property
    def name(self) -> str:
        return f"{self.node.op_type} {self.node.name or self.node.output[0]!r}"

    def to(self, axis: int, rank: int = 0, output: int = 0) -> Iterator[Spot]:
        """Go on with an axis of an output."""
        if output < len(self.node.output) and self.node.output[output]:
            name = self.node.output[output]
            yield replace(self.spot, value=name, axis=axis, rank=rank or self.rank)

    def to_unknown(self, axis: int, rank: int = 0) -> Iterator[Spot]:
        """Go on with an axis whose extent nobody knows."""
        for spot in self.to(axis, rank):
            yield replace(spot, factor=0)

    def to_merged(self, axis: int, rank: int, factor: int) -> Iterator[Spot]:
        """Go on with an axis that took in others, and is ``factor`` times as long for it."""
        for spot in self.to(axis, rank):
            yield replace(
                spot,
                factor=spot.factor * factor,
                added=spot.added * factor,
                is_part=spot.is_part or self.axis > 0 or axis > 0,
            )

    def to_longer(self, added: int, axis: int) -> Iterator[Spot]:
        """Go on with an axis that has some elements more."""
        for spot in self.to(axis):
            yield replace(spot, added=spot.added + added)

    def to_broadcast(self) -> Iterator[Spot]:
        """Go on in an output whose axes are counted from the end: a constant may have more."""
        others = [len(self.shape(index)) for index in range(len(self.node.input))]
        rank = max(self.rank, *others)
        yield from self.to(self.axis + rank - self.rank, rank)

    def shape(self, index: int) -> Shape:
        """Return what is known of the shape of an input, nothing where that is nothing."""
        name = self.node.input[index] if index < len(self.node.input) else ""
        return self.shapes.get(name, ())

    def extent(self, index: int, axis: int) -> int | None:
        """Return an extent of an input, None where it is not known."""
        shape = self.shape(index)
        return shape[axis] if -len(shape) <= axis < len(shape) else None

    def meets(self, extent: int | None, what: str, *, is_loose: bool = False) -> Iterator[Meeting]:
        """Say how long the axis has to be, where that is known; ``what`` is so long at the node."""
        if extent is not None:
            yield Meeting(extent, f"{what} {self.name}", is_loose)

    def without(self, removed: set[int]) -> Iterator[Spot]:
        """Go on in an output without some axes."""
        before = sum(axis < self.axis for axis in removed)
        yield from self.to(self.axis - before, self.rank - len(removed))

    def mixed(self, how: str) -> Role:
        return Role(f"an axis that {self.name} {how}")

    def numbers(self, attribute: str, index: int) -> list[int] | None:
        """Return integers that are an attribute in old versions and a constant input in new."""
        if attribute in self.attributes:
            return [int(each) for each in np.atleast_1d(self.attributes[attribute])]
        given = self.node.input[index] if index < len(self.node.input) else ""
        found = self.lists.get(given)
        if found is None:
            return None
        return [int(each) for each in np.atleast_1d(onnx.numpy_helper.to_array(found))]

    def axes(self, attribute: str = "axes", index: int = 1) -> set[int] | None:
        listed = self.numbers(attribute, index)
        return None if listed is None else {each % self.rank for each in listed}


Told = Role | Spot | Meeting
"""What an operator says of an axis; a spot: it goes on there."""
