"""Classes and labels of classifiers of ai.onnx.ml."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgec.frontends.onnx.operators.ml_labels import shown_classes
from edgec.ir import GraphBuilder, ValueName
from edgec.ops.classical.class_label import ClassLabel
from edgec.ops.registry import SourceNode

_INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class Classes:
    """The labels of a classifier in their order; ``names`` where they are texts."""

    numbers: tuple[int, ...]
    names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.numbers)

    @property
    def listed(self) -> Sequence[object]:
        return self.names or self.numbers


def classes_of(node: SourceNode, integers: str) -> Classes:
    """Return the classes; ``integers`` is the attribute with those that are numbers.

    Labels that are texts, or too large for 32 bits, are told by their places.
    """
    names = tuple(str(each) for each in node.attrs.get("classlabels_strings") or ())
    node.ignore("classlabels_strings")
    numbers = node.integers(integers, default=())
    if not names and not numbers:
        raise node.reject("no labels of classes", code="malformed-model")
    if names or any(not _INT32.min <= each <= _INT32.max for each in numbers):
        return Classes(tuple(range(len(names or numbers))), names or tuple(map(str, numbers)))
    return Classes(numbers)


def add_label(
    node: SourceNode,
    g: GraphBuilder,
    classes: Classes,
    sums: ValueName,
    column: int = -1,
    threshold: float = 0.0,
) -> ValueName:
    """Add the label as output 0 of a classifier, and tell the texts that its numbers stand for."""
    part = node.part(0)
    tell_texts(node, classes, part.outputs[0])
    op = ClassLabel(labels=classes.numbers, column=column, threshold=threshold)
    (label,) = g.add(op, [sums], name=part.name, outputs=part.outputs)
    return label


def tell_texts(node: SourceNode, classes: Classes, output: str) -> None:
    """Tell the texts that the numbers of an output stand for."""
    if classes.names:
        shown = shown_classes(classes.names)
        node.remark(f"output {output!r} has the place of the label in the list: {shown}")
