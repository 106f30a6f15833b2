"""Moves reshapes behind the operators that do not mind, so that layers meet their activations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

from edgec.ir import Array, Graph, Node, TensorType, ValueName
from edgec.ops.layers.batch_norm import BatchNorm
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Operator
from edgec.ops.reductions.reduction import Reduction
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class SinkReshapes:
    """f(reshape(x)) becomes reshape(f(x)) for elementwise f and for batch norms over the last axis.

    Two operands are possible where both come from such a reshape, or one is a constant that means
    the same before and after it. Reductions follow where they take all of the axes that a reshape
    joins or splits: a mean over pixels is one over rows and columns.
    """

    name: ClassVar[str] = "sink_reshapes"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _sink, _sink_reduction)


def _sink(node: Node, around: Neighborhood) -> Replacement | None:
    if isinstance(node.op, BatchNorm):
        return _sink_batch_norm(node, node.op, around)
    if not isinstance(node.op, Operator) or not node.op.pointwise:
        return None
    sources = {_source(value, around) for value in node.inputs if around.constant(value) is None}
    types = {around.type(source) if source else None for source in sources}
    if len(types) != 1 or None in types:
        return None
    old, new = types.pop(), around.type(node.outputs[0])
    assert old is not None  # noqa: S101 - tested above
    if old.elements != new.elements:
        return None
    draft = Draft(around, [node])
    inputs = [_operand(value, old, new, draft, around) for value in node.inputs]
    present = [value for value in inputs if value is not None]
    if len(present) < len(inputs):
        return None
    return _reshaped_after(draft, node, node.op, present, new)


def _source(value: ValueName, around: Neighborhood) -> ValueName | None:
    """Return what a value is a reshape of."""
    node = around.producer(value)
    return node.inputs[0] if node and isinstance(node.op, Reshape) else None


def _operand(
    value: ValueName, old: TensorType, new: TensorType, draft: Draft, around: Neighborhood
) -> ValueName | None:
    """Return an operand as it is before the reshape from ``old`` to ``new``."""
    array = around.constant(value)
    if array is None:
        source = _source(value, around)
        fits = around.type(value).shape == new.shape
        return source if fits else None
    kept = _before(array, old, new)
    return (
        None if kept is None else draft.constant(f"{value}.flat", kept, around.type(value).qparams)
    )


def _before(array: Array, old: TensorType, new: TensorType) -> Array | None:
    """Return a broadcast constant as it fits ``old`` in place of ``new``; None where none does."""
    if array.size == 1:
        return array.reshape((1,) * min(array.ndim, old.rank))
    if array.shape == new.shape:
        return array.reshape(old.shape)
    last = array.shape[-1]
    same_channels = old.shape[-1:] == new.shape[-1:] == (last,)
    return array.reshape(last) if same_channels and array.size == last else None


def _sink_batch_norm(node: Node, op: BatchNorm, around: Neighborhood) -> Replacement | None:
    source, new = _source(node.inputs[0], around), around.type(node.outputs[0])
    if (
        source is None
        or op.axis != new.rank - 1
        or around.type(source).shape[-1:] != new.shape[-1:]
    ):
        return None
    moved = BatchNorm(axis=around.type(source).rank - 1, epsilon=op.epsilon)
    draft = Draft(around, [node])
    return _reshaped_after(draft, node, moved, [source, *node.inputs[1:]], new)


def _sink_reduction(node: Node, around: Neighborhood) -> Replacement | None:
    op = node.op
    if not isinstance(op, Reduction) or not op.keep_dims:
        return None
    source, new = _source(node.inputs[0], around), around.type(node.outputs[0])
    if source is None:
        return None
    shapes = around.type(source).shape, around.type(node.inputs[0]).shape
    axes = _axes_before(op.axes, *shapes)
    if not axes or shapes[0] == shapes[1]:  # a reshape that does nothing goes without us
        return None
    return _reshaped_after(Draft(around, [node]), node, replace(op, axes=axes), [source], new)


def _axes_before(
    axes: Sequence[int], old: Sequence[int], new: Sequence[int]
) -> tuple[int, ...] | None:
    """Return the axes of ``old`` that hold the elements along ``axes`` of its reshape to ``new``.

    Those of extent 1 are left out. None where an axis holds others too; no extent may be 0.
    """
    found: list[int] = []
    for before, after in _alike_runs(old, new):
        taken = {axis in axes for axis in after}
        if len(taken) > 1:
            return None
        found += before if True in taken else []
    return tuple(found)


def _alike_runs(old: Sequence[int], new: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Return the shortest runs of axes of two shapes that hold the same; without those of 1."""
    left = [axis for axis, extent in enumerate(old) if extent != 1]
    right = [axis for axis, extent in enumerate(new) if extent != 1]
    runs: list[tuple[list[int], list[int]]] = []
    while left:
        before, after = [left.pop(0)], [right.pop(0)]
        while (a := prod(old[i] for i in before)) != (b := prod(new[i] for i in after)):
            (before if a < b else after).append((left if a < b else right).pop(0))
        runs.append((before, after))
    return runs


def _reshaped_after(
    draft: Draft, node: Node, op: Operator, inputs: list[ValueName], new: TensorType
) -> Replacement:
    result = draft.add(op, inputs, name=node.name)
    shape = Reshape(shape=new.shape)
    draft.add(shape, [result], name=f"{node.name}/reshape", output=node.outputs[0])
    return draft.replacement()
