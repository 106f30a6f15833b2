"""What an open axis of an input is: followed to the operators that give axes a meaning.

A batch passes every operator by itself: of an axis that some operator steps, slides or sums along,
1 is no harmless choice. An operator that meets known extents there, the rows of a matrix or the
channels of a kernel, tells how long the axis has to be. Where an operator is not known here, nobody
claims anything. What each operator says: :mod:`edgec.frontends.onnx.axes.axis_rules`.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import onnx

from edgec.frontends.limits import MAX_RANK
from edgec.frontends.onnx.axes.axis_reading import Meeting, Reading, Role, Spot, Told
from edgec.frontends.onnx.axes.axis_rules import RULES
from edgec.frontends.onnx.axes.known_shapes import Shape, known_shapes
from edgec.frontends.onnx.model_file import opset

_MOST_SPOTS = 10_000


@dataclass(eq=False)
class AxisRoles:
    """Finds what the axes of a model's inputs are."""

    model: Any
    shapes: Mapping[str, Shape] = field(init=False)  # None: an extent that is open
    lists: Mapping[str, Any] = field(init=False)  # tensors of a few integers
    readers: dict[str, list[tuple[Any, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        constants = dict(_constants(self.model.graph))
        self.lists = {name: each for name, each in constants.items() if _is_list(each)}
        self.shapes = {name: tuple(each.dims) for name, each in constants.items()}
        for node in self.model.graph.node:
            for index, name in enumerate(node.input):
                self.readers.setdefault(name, []).append((node, index))

    def learn(self, inputs: Mapping[str, Shape]) -> None:
        """Note the shapes that all values have, once those of the inputs are as given."""
        self.shapes = {**known_shapes(self.model, inputs), **self.shapes}

    def of(self, value: str, axis: int, rank: int) -> Role | None:
        """Return what an axis is: to whom it is no batch, else to whom it is one."""
        told = self._followed(value, axis, rank)
        found = [each for spot, each in told if isinstance(each, Role) and not spot.is_part]
        return next((role for role in found if not role.is_batch), found[0] if found else None)

    def extents(self, value: str, axis: int, rank: int) -> list[Meeting]:
        """Return how long operators need an axis to be, each extent once.

        Where all are loose, 1 would do for each; else only those are returned that are not.
        """
        told = self._followed(value, axis, rank)
        found = [spot.needed(each) for spot, each in told if isinstance(each, Meeting)]
        needed = [each for each in found if each is not None]
        strict = [each for each in needed if not each.is_loose]
        by_extent: dict[int, Meeting] = {}
        for each in strict or needed:
            by_extent.setdefault(each.extent, each)
        return list(by_extent.values())

    def _followed(self, value: str, axis: int, rank: int) -> list[tuple[Spot, Told]]:
        """Return all that is told on the way from an axis, each with where that was."""
        todo, seen = [Spot(value, axis, rank)], set[Spot]()
        found: list[tuple[Spot, Told]] = []
        while todo and len(seen) < _MOST_SPOTS:
            spot = todo.pop()
            if spot in seen or not 0 <= spot.axis < spot.rank <= MAX_RANK:
                continue
            seen.add(spot)
            told = self._read(spot)
            found += [(spot, each) for each in told]
            todo += [each for each in told if isinstance(each, Spot)]
        return found

    def _read(self, spot: Spot) -> list[Told]:
        """Ask all readers; what makes no sense is refused where it is imported, not here."""
        told: list[Told] = []
        for node, index in self.readers.get(spot.value, []):
            rule = RULES.get(node.op_type) if node.domain in {"", "ai.onnx"} else None
            if rule is None:
                continue
            with suppress(ValueError, TypeError, LookupError, ArithmeticError):
                values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
                told += rule(
                    Reading(node, index, spot, self.shapes, self.lists, opset(self.model), values)
                )
        return told


def _constants(graph: Any) -> Iterator[tuple[str, Any]]:
    for each in graph.initializer:
        yield each.name, each
    for node in graph.node:
        for attribute in node.attribute if node.op_type == "Constant" else ():
            if attribute.name == "value" and node.output:
                yield node.output[0], attribute.t


def _is_list(tensor: Any) -> bool:
    """Tell whether a tensor may be axes, or a shape."""
    few = not tensor.dims or (len(tensor.dims) == 1 and tensor.dims[0] <= MAX_RANK)
    kinds = (onnx.TensorProto.INT64, onnx.TensorProto.INT32)
    return few and tensor.data_type in kinds and not tensor.external_data
