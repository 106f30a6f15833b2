"""Sequences and optional values of ONNX: lists of names while a file is imported, never a value.

What makes one is noted, what reads one is spelled in nodes on tensors.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

from edgec.errors import EdgecError, Place
from edgec.frontends.onnx.control_flow import Scope
from edgec.frontends.onnx.model_file import MAX_NODES

_SPLIT_IS_INPUT = 13  # of Split, and the axes of Squeeze and Unsqueeze, from this opset on


@dataclass(eq=False)
class Sequences:
    """The sequences that are known so far: name -> names of the tensors in it."""

    lists: dict[str, list[str]] = field(default_factory=dict)

    def takes(self, node: Any) -> bool:
        """Tell whether a node of ONNX's own domain makes or reads a sequence."""
        return node.op_type in _FORMS or any(each in self.lists for each in node.input)

    def spelled(self, node: Any, scope: Scope, place: Place) -> Iterator[list[Any]]:
        """Yield the nodes on tensors that stand for a node, in one group.

        Raises ``unsupported-operator`` where it depends on what is computed at run time.
        """
        form = _alias if node.op_type == "Identity" else _FORMS.get(node.op_type)
        use = _Use(node, self.lists, scope, place)
        if form is None:
            raise use.refused("it reads a sequence or an optional value")
        yield list(form(use))


@dataclass(frozen=True, slots=True)
class _Use:
    """A node that makes or reads sequences."""

    node: Any
    lists: dict[str, list[str]]
    scope: Scope
    place: Place

    @property
    def output(self) -> str:
        return str(self.node.output[0])

    def refused(self, why: str) -> EdgecError:
        return EdgecError(
            "unsupported-operator",
            f"{self.node.op_type}: {why}",
            place=self.place,
            help="sequences must have a length that is known when the file is read: export with "
            "fixed shapes, and stack or concatenate tensors instead of collecting them in a list",
        )

    def attribute(self, name: str, default: Any) -> Any:
        found = next((each for each in self.node.attribute if each.name == name), None)
        return default if found is None else onnx.helper.get_attribute_value(found)

    def given(self, index: int) -> str:
        return self.node.input[index] if index < len(self.node.input) else ""

    def sequence(self, index: int = 0) -> list[str]:
        name = self.given(index)
        if name not in self.lists:
            raise self.refused(f"{name!r} is no sequence that is known when the file is read")
        return self.lists[name]

    def position(self, index: int, length: int) -> int:
        """Return a place in a sequence; a negative one counts from the end."""
        array = self.scope.known(self.given(index))
        if array is None:
            raise self.refused(f"the position ({self.given(index)!r}) is computed at run time")
        place = int(array.item())
        if not -length <= place < length:
            raise EdgecError(
                "malformed-model",
                f"{self.node.op_type}: position {place} of a sequence of {length}",
                place=self.place,
                help="export the model again",
            )
        return place % length

    def keep(self, names: list[str]) -> None:
        self.lists[self.output] = names

    def identity(self, name: str) -> Any:
        return onnx.helper.make_node("Identity", [name], [self.output], name=self.node.name)

    def with_axes(self, op: str, name: str, output: str, axis: int) -> list[Any]:
        """Return a Squeeze or Unsqueeze as the file's opset spells it."""
        if self.scope.opset < _SPLIT_IS_INPUT:
            return [onnx.helper.make_node(op, [name], [output], axes=[axis])]
        axes = f"{output}/axes"
        return [
            onnx.helper.make_node("Constant", [], [axes], value_ints=[axis]),
            onnx.helper.make_node(op, [name, axes], [output]),
        ]


def _construct(use: _Use) -> Iterator[Any]:
    use.keep(list(use.node.input))
    yield from ()


def _alias(use: _Use) -> Iterator[Any]:
    """Call a sequence, or a tensor, by another name."""
    if use.given(0) in use.lists:
        use.keep(use.sequence())
    else:
        yield use.identity(use.given(0))


def _insert(use: _Use) -> Iterator[Any]:
    names = list(use.sequence())
    place = use.position(2, len(names) + 1) if use.given(2) else len(names)
    use.keep([*names[:place], use.given(1), *names[place:]])
    yield from ()


def _erase(use: _Use) -> Iterator[Any]:
    names = list(use.sequence())
    names.pop(use.position(1, len(names)) if use.given(1) else -1)
    use.keep(names)
    yield from ()


def _at(use: _Use) -> Iterator[Any]:
    names = use.sequence()
    yield use.identity(names[use.position(1, len(names))])


def _length(use: _Use) -> Iterator[Any]:
    number = onnx.numpy_helper.from_array(np.array(len(use.sequence()), np.int64))
    yield onnx.helper.make_node("Constant", [], [use.output], value=number)


def _concat(use: _Use) -> Iterator[Any]:
    names, axis = use.sequence(), use.attribute("axis", 0)
    if not names:
        raise use.refused("the sequence is empty")
    if use.attribute("new_axis", 0):
        wide = [f"{use.output}/{index}" for index in range(len(names))]
        for name, each in zip(names, wide, strict=True):
            yield from use.with_axes("Unsqueeze", name, each, axis)
        names = wide
    yield onnx.helper.make_node("Concat", names, [use.output], name=use.node.name, axis=axis)


def _split(use: _Use) -> Iterator[Any]:
    """Split into parts of one element, of equal size, or of stated sizes."""
    shape, axis = use.scope.shape(use.given(0)), use.attribute("axis", 0)
    if shape is None:
        raise use.refused(f"the shape of {use.given(0)!r} is computed at run time")
    extent, sizes = shape[axis], use.scope.known(use.given(1)) if use.given(1) else np.array(1)
    if sizes is None:
        raise use.refused(f"the sizes ({use.given(1)!r}) are computed at run time")
    if sizes.ndim == 0 and extent > MAX_NODES * max(1, int(sizes)):
        raise use.refused(f"{extent} elements in parts of {int(sizes)}")
    if sizes.ndim:
        parts = [int(each) for each in sizes]
    else:
        size = int(sizes)
        parts = [min(size, extent - start) for start in range(0, extent, max(1, size))]
    names = [f"{use.output}/{index}" for index in range(len(parts))]
    drops = not use.given(1) and not use.attribute("keepdims", 1)
    made = [f"{name}/part" for name in names] if drops else names
    if use.scope.opset < _SPLIT_IS_INPUT:
        yield onnx.helper.make_node("Split", [use.given(0)], made, axis=axis, split=parts)
    else:
        stated = f"{use.output}/sizes"
        yield onnx.helper.make_node("Constant", [], [stated], value_ints=parts)
        yield onnx.helper.make_node("Split", [use.given(0), stated], made, axis=axis)
    for part, name in zip(made, names, strict=True):
        if drops:
            yield from use.with_axes("Squeeze", part, name, axis)
    use.keep(names)


def _optional(use: _Use) -> Iterator[Any]:
    if not use.given(0):
        raise use.refused("an optional value without any")
    yield from _alias(use)


def _has_element(use: _Use) -> Iterator[Any]:
    has = onnx.numpy_helper.from_array(np.array(bool(use.given(0))))
    yield onnx.helper.make_node("Constant", [], [use.output], value=has)


_FORMS: Mapping[str, Callable[[_Use], Iterator[Any]]] = {
    "ConcatFromSequence": _concat,
    "Optional": _optional,
    "OptionalGetElement": _alias,
    "OptionalHasElement": _has_element,
    "SequenceAt": _at,
    "SequenceConstruct": _construct,
    "SequenceEmpty": _construct,
    "SequenceErase": _erase,
    "SequenceInsert": _insert,
    "SequenceLength": _length,
    "SplitToSequence": _split,
}
