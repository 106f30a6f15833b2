"""Operators on more axes than TFLite's kernels have, written on fewer: neighboring axes become one.

What is alike along two neighbors (both are broadcast, or sliced, or left whole) is so along both as
one. Beyond their limits TFLite's kernels end the whole process, most of them only as they run.
Limits are those of TFLite 2.14's reference kernels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import Array, Graph, Node, Op, Signature, TensorType, ValueName
from edgec.ops.activations.prelu import Prelu
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.extremum import Extremum
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.squared_difference import SquaredDifference
from edgec.ops.elementwise.sub import Sub
from edgec.ops.functions.lookup import Lookup
from edgec.ops.functions.unary import Unary
from edgec.ops.layers.batch_matmul import BatchMatMul
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.movement.tile import Tile
from edgec.ops.movement.transpose import Transpose
from edgec.passes.cleanup.eliminate_identity import EliminateIdentity
from edgec.passes.rewrite import Neighborhood, Replacement, rewrite

Shape = tuple[int, ...]
_FEWEST = 4  # axes that kernels of two broadcast operands have


@dataclass(frozen=True, slots=True)
class Compact:
    """An operator on fewer axes, and the shapes of its inputs and of its output there.

    Inputs that are broadcast are tiled to the shape ``tiled`` before that, where it is not None.
    """

    op: Op
    inputs: Sequence[Shape]
    output: Shape
    tiled: Shape | None = None


def _elementwise(op: Op, signature: Signature) -> Compact:
    """Join axes that the same operands are broadcast along; where too many are left, tile them."""
    shapes, output = _joined_broadcast([x.shape for x in signature.inputs])
    if len(output) <= _FEWEST:
        return Compact(op, shapes, output)
    whole = (prod(output),)
    return Compact(op, [whole] * len(shapes), whole, signature.output.shape)


def _joined_broadcast(shapes: Sequence[Shape]) -> tuple[list[Shape], Shape]:
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    groups: list[tuple[tuple[bool, ...], int]] = []
    for extents in zip(*padded, strict=True):
        largest = max(extents)
        present = tuple(extent != 1 for extent in extents)
        if largest == 1:
            continue
        if groups and groups[-1][0] == present:
            groups[-1] = (present, groups[-1][1] * largest)
        else:
            groups.append((present, largest))
    joined = [
        tuple(extent if present[i] else 1 for present, extent in groups) or (1,)
        for i in range(len(shapes))
    ]
    return joined, tuple(extent for _, extent in groups) or (1,)


def _of_first(op: Op, signature: Signature) -> Compact:
    """Join all axes of the first input: elements are computed one by one."""
    x, *others = (each.shape for each in signature.inputs)
    return Compact(op, [(prod(x),), *others], (prod(x),))


def _of_rows(op: Op, signature: Signature) -> Compact:
    *outer, last = signature.inputs[0].shape
    return Compact(op, [(prod(outer), last)], (prod(outer), last))


def _padded(op: Op, signature: Signature) -> Compact:
    assert isinstance(op, Pad)  # noqa: S101 - the table below says so
    axes: list[tuple[int, tuple[int, int]]] = []
    for extent, (before, after) in zip(signature.inputs[0].shape, op.paddings, strict=True):
        if axes and (before, after) == (0, 0):
            whole, (first, last) = axes[-1]
            axes[-1] = (whole * extent, (first * extent, last * extent))
        else:
            axes.append((extent, (before, after)))
    made = replace(op, paddings=tuple(pads for _, pads in axes))
    output = tuple(extent + sum(pads) for extent, pads in axes)
    return Compact(made, [tuple(extent for extent, _ in axes)], output)


def _sliced(op: Op, signature: Signature) -> Compact:
    assert isinstance(op, Slice)  # noqa: S101 - the table below says so
    axes: list[tuple[int, int, int, int]] = []  # extent, start, size, step
    for extent, *part in zip(signature.inputs[0].shape, op.starts, op.sizes, op.steps, strict=True):
        if axes and part == [0, extent, 1] and axes[-1][3] == 1:
            whole, start, size, step = axes[-1]
            axes[-1] = (whole * extent, start * extent, size * extent, step)
        else:
            axes.append((extent, part[0], part[1], part[2]))
    extents, starts, sizes, steps = (tuple(each) for each in zip(*axes, strict=True))
    return Compact(Slice(starts=starts, sizes=sizes, steps=steps), [extents], sizes)


def _transposed(op: Op, signature: Signature) -> Compact:
    """Join axes that stay side by side."""
    assert isinstance(op, Transpose)  # noqa: S101 - the table below says so
    shape = signature.inputs[0].shape
    runs: list[list[int]] = []  # in the order of the output
    for axis in (axis for axis in op.perm if shape[axis] != 1):
        between = range(runs[-1][-1] + 1, axis) if runs else range(0)
        if runs and axis > runs[-1][-1] and all(shape[each] == 1 for each in between):
            runs[-1].append(axis)
        else:
            runs.append([axis])
    extents = {run[0]: prod(shape[axis] for axis in run) for run in runs}
    places = {first: place for place, first in enumerate(sorted(extents))}
    perm = tuple(places[run[0]] for run in runs) or (0,)
    before = tuple(extents[first] for first in sorted(extents)) or (1,)
    return Compact(Transpose(perm=perm), [before], tuple(before[axis] for axis in perm))


def _multiplied(op: Op, signature: Signature) -> Compact:
    """Join axes in front of the matrices."""
    shapes = [x.shape for x in signature.inputs]
    joined, output = _joined_broadcast([shape[:-2] for shape in shapes])
    inputs = [(*front, *shape[-2:]) for front, shape in zip(joined, shapes, strict=True)]
    return Compact(op, inputs, (*output, *signature.output.shape[-2:]))


_KINDS: Sequence[tuple[type[Op], int, Callable[[Op, Signature], Compact]]] = (
    (Add, 6, _elementwise),
    *((kind, 5, _elementwise) for kind in (Sub, Extremum)),
    *((kind, _FEWEST, _elementwise) for kind in (Mul, Prelu, SquaredDifference)),
    *((kind, 4, _of_first) for kind in (Unary, Lookup)),
    (Softmax, 4, _of_rows),
    (Pad, 5, _padded),
    (Slice, 5, _sliced),
    (Transpose, 6, _transposed),
    (BatchMatMul, 5, _multiplied),
)
"""Operators, the most axes that TFLite's kernels have, and how to write them on fewer."""


def in_fewer_axes(graph: Graph) -> Graph:
    """Return a graph that computes the same on as many axes as TFLite's kernels have.

    ``EdgecError`` ``cannot-export`` names the nodes whose axes no reshape makes few enough.
    """
    if all(_compact(node, graph.signature(node)) is None for node in graph.nodes):
        return graph
    raise_all(list(_problems(graph)))
    return EliminateIdentity().run(rewrite(graph, _in_fewer))


def _compact(node: Node, signature: Signature) -> tuple[Compact, int] | None:
    """Return the node on fewer axes and how many there may be; None where it has few enough."""
    for kind, most, joins in _KINDS:
        ranks = [each.rank for each in (*signature.inputs[:1], *signature.outputs)]
        if isinstance(node.op, kind) and max(ranks) > most:
            return joins(node.op, signature), most
    return None


def _problems(graph: Graph) -> Iterator[EdgecError]:
    for node in graph.nodes:
        signature = graph.signature(node)
        found = _compact(node, signature)
        if found is None:
            continue
        compact, most = found
        axes = max(len(shape) for shape in (*compact.inputs, compact.output))
        if axes > most:
            yield EdgecError(
                "cannot-export",
                f"TFLite's {node.op.name} has at most {most} axes; "
                f"{', '.join(map(str, signature.inputs))} need {axes}",
                place=Place(inside=f"node {node.name!r}"),
                help="reshape the tensor to fewer axes before the operator",
            )


def _in_fewer(node: Node, around: Neighborhood) -> Replacement | None:
    signature = around.signature(node)
    found = _compact(node, signature)
    if found is None:
        return None
    compact, _ = found
    return _Between(node, around, compact, signature).replacement()


class _Between:
    """The nodes that stand for one: reshapes of inputs, the operator, a reshape of its output."""

    def __init__(
        self, node: Node, around: Neighborhood, compact: Compact, signature: Signature
    ) -> None:
        self._node, self._around = node, around
        self._compact, self._signature = compact, signature
        self._nodes: list[Node] = []
        self._types: dict[ValueName, TensorType] = {}
        self._constants: dict[ValueName, Array] = {}

    def replacement(self) -> Replacement:
        compact, (output,) = self._compact, self._node.outputs
        inputs = [
            self._reshaped(value, shape, index)
            for index, (value, shape) in enumerate(
                zip(self._node.inputs, compact.inputs, strict=True)
            )
        ]
        joined = self._value(f"{output}/joined")
        self._types[joined] = self._signature.output.with_shape(compact.output)
        self._add(compact.op, inputs, joined)
        self._add(Reshape(shape=self._signature.output.shape), [joined], output)
        return Replacement(self._nodes, {}, self._types, self._constants)

    def _reshaped(self, value: ValueName, shape: Shape, index: int) -> ValueName:
        kind, array = self._signature.inputs[index], self._around.constant(value)
        name = f"{self._node.outputs[0]}/joined{index}"
        whole = self._compact.tiled or kind.shape
        if kind.shape == whole == shape:
            return value
        if array is not None:
            return self._constant(name, np.broadcast_to(array, whole).reshape(shape), kind)
        if kind.shape != whole:
            aligned = (1,) * (len(whole) - kind.rank) + kind.shape
            value = self._as(aligned, value, f"{name}/aligned")
            repeats = tuple(a // b for a, b in zip(whole, aligned, strict=True))
            tiled = self._value(f"{name}/tiled")
            self._types[tiled] = kind.with_shape(whole)
            self._add(Tile(repeats=repeats), [value], tiled)
            value = tiled
        return self._as(shape, value, name)

    def _as(self, shape: Shape, value: ValueName, name: str) -> ValueName:
        """Return a value in another shape."""
        kind = self._types.get(value) or self._around.type(value)
        if kind.shape == shape:
            return value
        result = self._value(name)
        self._types[result] = kind.with_shape(shape)
        self._add(Reshape(shape=shape), [value], result)
        return result

    def _constant(self, name: str, array: Array, kind: TensorType) -> ValueName:
        result = self._value(name)
        self._constants[result] = np.ascontiguousarray(array)
        self._types[result] = kind.with_shape(array.shape)
        return result

    def _add(self, op: Op, inputs: Sequence[ValueName], output: ValueName) -> None:
        taken = {each.name for each in self._nodes}
        name = self._around.unused_node(output, taken=taken)
        self._nodes.append(Node(name, op, tuple(inputs), (output,), self._node.origins))

    def _value(self, name: str) -> ValueName:
        return self._around.unused_value(name, self._types)
