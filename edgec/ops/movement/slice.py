"""Slice: some of a tensor's elements, evenly spaced along every axis, forwards or backwards.

TFLite SLICE, STRIDED_SLICE (:mod:`edgec.frontends.tflite.operators.strided_slice`), SPLIT, UNPACK,
REVERSE_V2 and ONNX Slice, Split become slices; a split into n parts is n of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import INT8_AND_INT16, PLAIN_NUMBERS, Operator, OutputRule
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, beyond_rank_4, describe_tflite

_MAX_EXPORTED = 5  # axes of TFLite's kernels


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Operator):
    """x [A,B,...] -> ``sizes`` [...]: element i along axis a is ``starts[a] + i * steps[a]`` of x.

    ``sizes`` is the output's shape; all three have one number per axis, steps are not 0.
    Source: ONNX Slice-13, Split-18; TFLite SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, UNPACK,
    REVERSE_V2.
    """

    name: ClassVar[str] = "slice"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = PLAIN_NUMBERS
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    moves_only: ClassVar[bool] = True
    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    steps: tuple[int, ...]

    @classmethod
    def whole(cls, shape: Sequence[int]) -> "Slice":
        """Return the slice that is all of a tensor."""
        return cls(starts=(0,) * len(shape), sizes=tuple(shape), steps=(1,) * len(shape))

    def along(self, axis: int, start: int, size: int, step: int = 1) -> "Slice":
        """Return this slice with other numbers along one axis."""
        return Slice(
            starts=_with(self.starts, axis, start),
            sizes=_with(self.sizes, axis, size),
            steps=_with(self.steps, axis, step),
        )

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        axes = list(zip(self.starts, self.sizes, self.steps, strict=True))
        inside = all(_inside(*axis, extent) for axis, extent in zip(axes, x.shape, strict=False))
        if len(axes) != x.rank or not inside:
            message = f"{self} of {x}"
            raise ValueError(message)
        return (x.with_shape(self.sizes),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        return (np.ascontiguousarray(x[self._index()]).reshape(self.sizes),)

    def _index(self) -> tuple[slice, ...]:
        return tuple(
            slice(start, _stop(start, size, step), step)
            for start, size, step in zip(self.starts, self.sizes, self.steps, strict=True)
        )

    def permuted(self, perm: Sequence[int]) -> "Slice":
        return replace(
            self,
            starts=tuple(self.starts[axis] for axis in perm),
            sizes=tuple(self.sizes[axis] for axis in perm),
            steps=tuple(self.steps[axis] for axis in perm),
        )

    def stacked(self, samples: int) -> "Slice":
        return Slice(starts=(0, *self.starts), sizes=(samples, *self.sizes), steps=(1, *self.steps))


def _with(values: Sequence[int], axis: int, value: int) -> tuple[int, ...]:
    return (*values[:axis], value, *values[axis + 1 :])


def _inside(start: int, size: int, step: int, extent: int) -> bool:
    if size == 0:
        return True
    last = start + (size - 1) * step
    return size > 0 and step != 0 and 0 <= start < extent and 0 <= last < extent


def _stop(start: int, size: int, step: int) -> int | None:
    """Return where a Python slice ends; None for the front of the tensor, walking backwards."""
    stop = start + size * step
    return None if stop < 0 else stop


def add_slice(node: SourceNode, g: GraphBuilder, x: ValueName, op: Slice) -> tuple[ValueName, ...]:
    """Add a slice of ``x`` under the node's output names; one that is all of ``x`` moves nothing.

    One of no elements is a constant, whatever ``x`` is: loops over a sequence have such at their
    ends.
    """
    kind = g.type(x)
    if 0 in op.sizes:
        stated = node.qparams[0] if node.qparams else kind.qparams
        return (g.constant(node.outputs[0], np.zeros(op.sizes, kind.dtype.numpy), stated),)
    whole = op == Slice.whole(kind.shape)
    return add_or_fold(node, g, Reshape(shape=kind.shape) if whole else op, [x])


def cropped(
    node: SourceNode, g: GraphBuilder, pairs: Sequence[tuple[int, int]]
) -> tuple[SourceNode, list[tuple[int, int]]]:
    """Cut off what negative paddings ``pairs`` of input 0 take away, before and after each axis.

    Return the node that pads what is left, and its paddings, none of them negative.
    """
    x, grown = node.input(0), [(max(0, before), max(0, after)) for before, after in pairs]
    shape = g.type(x).shape
    if all(min(pair, default=0) >= 0 for pair in pairs) or len(pairs) != len(shape):
        return node, grown
    op = Slice.whole(shape)
    for axis, (before, after) in enumerate(pairs):
        size = shape[axis] + min(0, before) + min(0, after)
        op = op.along(axis, max(0, -before), max(0, size))
    (x,) = add_slice(node.part(suffix="cropped"), g, x, op)
    return replace(node, inputs=(x, *node.inputs[1:])), grown


def python_slice(
    begin: int | None, end: int | None, step: int, extent: int
) -> tuple[int, int, int]:
    """Return start, size and step of ``begin:end:step`` over ``extent``, clamped as Python does."""
    walk = range(*slice(begin, end, step).indices(extent))
    return (walk.start if walk else 0), len(walk), step


@importer(Format.ONNX, "Slice")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(0)
    shape = g.type(x).shape
    starts, ends, axes, steps = _onnx_numbers(node, g)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        message = f"starts {starts}, ends {ends}, axes {axes}, steps {steps}"
        raise node.reject(message, code="malformed-model")
    op = Slice.whole(shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if not -len(shape) <= axis < len(shape):
            raise node.reject(f"axis {axis} of shape {shape}", code="malformed-model")
        op = op.along(axis % len(shape), *python_slice(start, end, step, shape[axis]))
    return add_slice(node, g, x, op)


def _onnx_numbers(node: SourceNode, g: GraphBuilder) -> list[tuple[int, ...]]:
    """Return starts, ends, axes and steps: attributes up to opset 9, constant inputs since."""
    if len(node.inputs) == 1:
        starts, ends = node.integers("starts"), node.integers("ends")
        axes = node.integers("axes", default=range(len(starts)))
        return [starts, ends, tuple(axes), (1,) * len(starts)]
    given = [_optional(node, g, index) for index in range(1, 5)]
    count = len(given[0] or ())
    defaults = ((), (), tuple(range(count)), (1,) * count)
    return [
        each if each is not None else default for each, default in zip(given, defaults, strict=True)
    ]


def _optional(node: SourceNode, g: GraphBuilder, index: int) -> tuple[int, ...] | None:
    if index >= len(node.inputs) or node.inputs[index] is None:
        return None
    return tuple(int(each) for each in node.constant(g, index).flat)


describe_tflite(
    "SLICE", says=TfliteOperator(int8=2, int16=4, since=((5, beyond_rank_4),), types=Types.ANY)
)
describe_tflite(
    "STRIDED_SLICE",
    says=TfliteOperator(int8=2, int16=4, since=((4, beyond_rank_4),), types=Types.ANY),
)
describe_tflite("REVERSE_V2", says=TfliteOperator(types=Types.ANY))


@importer(Format.TFLITE, "SLICE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    shape = g.type(node.input(0)).shape
    starts = tuple(int(each) for each in node.constant(g, 1).flat)
    wanted = [int(each) for each in node.constant(g, 2).flat]
    sizes = tuple(
        extent - start if size == -1 else size
        for size, start, extent in zip(wanted, starts, shape, strict=True)
    )
    return add_slice(
        node, g, node.input(0), Slice(starts=starts, sizes=sizes, steps=(1,) * len(shape))
    )


@importer(Format.TFLITE, "REVERSE_V2")
def _reverse_from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    shape = g.type(node.input(0)).shape
    op = Slice.whole(shape)
    for axis in (int(each) for each in node.constant(g, 1).flat):
        if not -len(shape) <= axis < len(shape):
            raise node.reject(f"axis {axis} of shape {shape}", code="malformed-model")
        op = op.along(axis % len(shape), shape[axis] - 1, shape[axis], -1)
    return add_slice(node, g, node.input(0), op)


@exporter(Slice)
def _to_tflite(op: Slice, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    if len(op.sizes) > _MAX_EXPORTED:
        raise EdgecError(
            "cannot-export",
            f"TFLite slices at most {_MAX_EXPORTED} axes, not {signature.inputs[0]}",
            place=Place(inside=f"node {node.name!r}"),
            help="reshape the tensor to fewer axes before the slice",
        )
    starts = out.constant(f"{node.name}/begin", np.array(op.starts, np.int32))
    if set(op.steps) <= {1}:
        sizes = out.constant(f"{node.name}/size", np.array(op.sizes, np.int32))
        out.emit("SLICE", [*node.inputs, starts, sizes], node.outputs, "SliceOptions")
        return
    stops = [_stop(*each) for each in zip(op.starts, op.sizes, op.steps, strict=True)]
    to_the_front = sum(1 << axis for axis, stop in enumerate(stops) if stop is None)
    ends = out.constant(f"{node.name}/end", np.array([stop or 0 for stop in stops], np.int32))
    steps = out.constant(f"{node.name}/strides", np.array(op.steps, np.int32))
    inputs = [*node.inputs, starts, ends, steps]
    out.emit("STRIDED_SLICE", inputs, node.outputs, "StridedSliceOptions", EndMask=to_the_front)
