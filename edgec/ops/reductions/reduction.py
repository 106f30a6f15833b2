"""What operators that reduce some axes share: attributes, result type, importing their axes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Self

import numpy as np

from edgec.ir import Array, GraphBuilder, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.operator import Operator
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction(Operator):
    """x -> one value for all elements along ``axes`` (sorted, not negative).

    These axes become 1, or go away.
    """

    axes: tuple[int, ...]
    keep_dims: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not all(0 <= axis < x.rank for axis in self.axes) or not x.elements:
            message = f"{self.name} over axes {self.axes} of {x}"
            raise ValueError(message)
        kept = [1 if axis in self.axes else extent for axis, extent in enumerate(x.shape)]
        if not self.keep_dims:
            kept = [extent for axis, extent in enumerate(x.shape) if axis not in self.axes]
        return (TensorType(tuple(kept), x.dtype),)

    def macs(self, signature: Signature) -> int:
        return signature.inputs[0].elements

    def count(self, signature: Signature) -> int:
        """Return how many elements make one value."""
        return prod(signature.inputs[0].shape[axis] for axis in self.axes)

    def permuted(self, perm: Sequence[int]) -> Self:
        return replace(self, axes=tuple(sorted(tuple(perm).index(axis) for axis in self.axes)))


Make = Callable[[tuple[int, ...], bool], Operator]
"""Makes the operator from its axes and ``keep_dims``."""


def import_reduction(node: SourceNode, g: GraphBuilder, make: Make) -> Sequence[ValueName]:
    """Add a reduction of input 0; raises ``malformed-model`` for axes that do not exist."""
    x = node.input(0)
    axes = listed_axes(node, g)
    if axes is None:
        return [x]
    keep_dims = _keeps_dims(node)
    return add_or_fold(node, g, make(axes, keep_dims), [x])


def _keeps_dims(node: SourceNode) -> bool:
    if node.format is Format.TFLITE:
        return node.flag("keep_dims", default=False)
    return node.flag("keepdims", default=True)


def listed_axes(node: SourceNode, g: GraphBuilder) -> tuple[int, ...] | None:
    """Return the axes, sorted; all where none are listed; None where the node then does nothing.

    They are constant input 1, or an ONNX attribute (an input from opset 13 or 18 on).
    """
    listed = np.array([], np.int64)
    does_nothing = node.flag("noop_with_empty_axes", default=False)  # ONNX: says so if none are
    if len(node.present_inputs()) > 1:
        listed = node.constant(g, 1)
    elif node.format is Format.ONNX:
        listed = np.array(node.integers("axes", default=()), np.int64)
    rank = g.type(node.input(0)).rank
    if listed.size == 0 and node.format is Format.ONNX:
        if does_nothing:
            node.ignore("keepdims")
            return None
        return tuple(range(rank))
    return _sorted_axes(node, listed, rank)


def _sorted_axes(node: SourceNode, listed: Array, rank: int) -> tuple[int, ...]:
    return tuple(sorted({checked_axis(node, int(axis), rank) for axis in listed.flat}))
