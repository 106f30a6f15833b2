"""Tile: a tensor repeated along its axes. Expand and BROADCAST_TO repeat axes of extent 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import INT8_AND_INT16, PLAIN_NUMBERS, Operator, OutputRule
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile(Operator):
    """x [A,B,...] -> [A*r,B*s,...]: copies of x, one behind the other along each axis.

    ``repeats`` (r, s, ...) says how many.

    Source: ONNX Tile-13, Expand-13; TFLite TILE, BROADCAST_TO.
    """

    name: ClassVar[str] = "tile"
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    moves_only: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = PLAIN_NUMBERS
    repeats: tuple[int, ...]

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if len(self.repeats) != x.rank or min(self.repeats, default=0) < 0:
            message = f"repeats {self.repeats} of {x}"
            raise ValueError(message)
        return (x.with_shape([n * count for n, count in zip(x.shape, self.repeats, strict=True)]),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        return (np.tile(x, self.repeats),)

    def permuted(self, perm: Sequence[int]) -> "Tile":
        return Tile(repeats=tuple(self.repeats[axis] for axis in perm))


describe_tflite("BROADCAST_TO", "TILE", says=TfliteOperator(types=Types.ANY))


@importer(Format.TFLITE, "TILE")
@importer(Format.ONNX, "Tile")
def _tile(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(0)
    return _repeated(node, g, x, [int(each) for each in node.constant(g, 1).flat])


@importer(Format.TFLITE, "BROADCAST_TO")
@importer(Format.ONNX, "Expand")
def _expand(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import a broadcast to a constant shape. ONNX broadcasts both ways: extents of 1 stay."""
    wanted = tuple(int(each) for each in node.constant(g, 1).flat)
    return broadcast(node, g, node.input(0), wanted)


def broadcast(
    node: SourceNode, g: GraphBuilder, x: ValueName, wanted: tuple[int, ...]
) -> Sequence[ValueName]:
    """Add what broadcasts ``x`` and ``wanted`` against each other, under the node's output name."""
    shape = g.type(x).shape
    try:
        target = np.broadcast_shapes(shape, wanted)
    except ValueError as error:
        message = f"{shape} does not broadcast to {wanted}"
        raise node.reject(message, code="malformed-model") from error
    full = (1,) * (len(target) - len(shape)) + shape
    if full != shape:
        (x,) = add_or_fold(node.part(suffix="rank"), g, Reshape(shape=full), [x])
    repeats = [wide if n == 1 else 1 for n, wide in zip(full, target, strict=True)]
    return _repeated(node, g, x, repeats)


def _repeated(
    node: SourceNode, g: GraphBuilder, x: ValueName, repeats: Sequence[int]
) -> Sequence[ValueName]:
    """Add a tile; one that repeats nothing moves nothing."""
    shape = g.type(x).shape
    if len(repeats) == len(shape) and set(repeats) <= {1}:
        return add_or_fold(node, g, Reshape(shape=shape), [x])
    if 0 in repeats and g.constant_value(x) is None:
        message = f"repeats {tuple(repeats)} leave nothing of {shape}"
        raise node.reject(message, code="unsupported-shape", help="repeat every axis at least once")
    return add_or_fold(node, g, Tile(repeats=tuple(repeats)), [x])


@exporter(Tile)
def _to_tflite(op: Tile, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    if signature.output.dtype is DType.INT16:
        _emit_gathers(op, node, signature, out)
        return
    repeats = out.constant(f"{node.name}/multiples", np.array(op.repeats, np.int32))
    out.emit("TILE", [*node.inputs, repeats], node.outputs, "TileOptions")


def _emit_gathers(op: Tile, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write one GATHER for each repeated axis: the interpreter has no TILE for int16."""
    value, kind = node.inputs[0], signature.inputs[0]
    axes = [axis for axis, count in enumerate(op.repeats) if count != 1]
    for axis in axes:
        extent, count = kind.shape[axis], op.repeats[axis]
        kind = kind.with_shape([*kind.shape[:axis], extent * count, *kind.shape[axis + 1 :]])
        places = np.tile(np.arange(extent, dtype=np.int32), count)
        index = out.constant(f"{node.name}/places{axis}", places)
        last = axis == axes[-1]
        result = node.outputs[0] if last else out.temporary(f"{node.name}/axis{axis}", kind)
        out.emit("GATHER", [value, index], [result], "GatherOptions", Axis=axis)
        value = result
