"""Splits: ONNX Split, TFLite SPLIT, SPLIT_V and UNPACK become one slice for each part.

A part is a slice of its own, so that nothing is copied that nobody reads, and parts follow a
permutation of axes like any other slice.
"""

from collections.abc import Sequence
from itertools import accumulate

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice, add_slice
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite


@importer(Format.ONNX, "Split")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(0)
    axis = checked_axis(node, node.integer("axis", default=0), g.type(x).rank)
    extent = g.type(x).shape[axis]
    sizes = node.integers("split", default=())
    if len(node.present_inputs()) > 1:
        sizes = tuple(int(each) for each in node.constant(g, 1).flat)
    if not sizes:
        parts = node.integer("num_outputs", default=len(node.outputs))
        if not len(node.outputs) <= parts <= extent:
            message = f"{extent} elements in {parts} parts for {len(node.outputs)} outputs"
            raise node.reject(message, code="malformed-model")
        step = -(-extent // parts)  # the last part may be smaller
        sizes = tuple(min(step, max(0, extent - step * i)) for i in range(parts))
    node.ignore("num_outputs")
    return _parts(node, g, x, axis, sizes)


describe_tflite("SPLIT", says=TfliteOperator(int8=2, int16=4, types=Types.ANY))
describe_tflite("SPLIT_V", says=TfliteOperator(types=Types.ANY))
describe_tflite("UNPACK", says=TfliteOperator(int8=2, int16=3, types=Types.ANY))


@importer(Format.TFLITE, "SPLIT")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(1)
    axis = checked_axis(node, node.constant(g, 0).item(), g.type(x).rank)
    parts, extent = node.integer("num_splits"), g.type(x).shape[axis]
    if parts != len(node.outputs) or extent % parts:
        message = f"{extent} elements in {parts} parts for {len(node.outputs)} outputs"
        raise node.reject(message, code="malformed-model")
    return _parts(node, g, x, axis, (extent // parts,) * parts)


@importer(Format.TFLITE, "SPLIT_V")
def _sizes_from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(0)
    node.ignore("num_splits")
    axis = checked_axis(node, node.constant(g, 2).item(), g.type(x).rank)
    sizes = [int(each) for each in node.constant(g, 1).flat]
    rest = g.type(x).shape[axis] - sum(size for size in sizes if size != -1)
    return _parts(node, g, x, axis, [rest if size == -1 else size for size in sizes])


@importer(Format.TFLITE, "UNPACK")
def _unpack_from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import one slice and one reshape, which drops the axis, for each element along it."""
    x = node.input(0)
    shape = g.type(x).shape
    axis = checked_axis(node, node.integer("axis", 0), len(shape))
    if not node.integer("num") == shape[axis] == len(node.outputs):
        message = f"{node.integer('num')} parts of {shape[axis]}, {len(node.outputs)} outputs"
        raise node.reject(message, code="malformed-model")
    dropped = (*shape[:axis], *shape[axis + 1 :])
    results: list[ValueName] = []
    for index in range(shape[axis]):
        op = Slice.whole(shape).along(axis, index, 1)
        (part,) = add_slice(node.part(index, "slice"), g, x, op)
        results += add_or_fold(node.part(index), g, Reshape(shape=dropped), [part])
    return results


def _parts(
    node: SourceNode, g: GraphBuilder, x: ValueName, axis: int, sizes: Sequence[int]
) -> Sequence[ValueName]:
    """Return slices of ``sizes`` elements, one behind the other along ``axis``."""
    shape = g.type(x).shape
    if sum(sizes) != shape[axis] or min(sizes, default=0) < 0 or len(sizes) < len(node.outputs):
        message = f"parts {tuple(sizes)} of {shape[axis]} elements for {len(node.outputs)} outputs"
        raise node.reject(message, code="malformed-model")
    starts = accumulate(sizes, initial=0)
    results: list[ValueName] = []
    for index, (start, size) in enumerate(zip(starts, sizes[: len(node.outputs)], strict=False)):
        op = Slice.whole(shape).along(axis, start, size)
        results += add_slice(node.part(index), g, x, op)
    return results
