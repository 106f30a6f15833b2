"""Channels to pixels and back: blocks of b x b channels become b x b pixels, or the reverse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.movement.channels_first import to_channels_first, to_channels_last
from edgec.ops.movement.transpose_in_tflite import emit_transposed
from edgec.ops.operator import INT8_AND_INT16, Operator, OutputRule
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

_IMAGE = 4  # rank of [N,H,W,C]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthToSpace(Operator):
    """x [N,H,W,b*b*C] -> [N,H*b,W*b,C], b = ``block``.

    Channels are ordered row, column, depth (ONNX: DCR, TFLite); with ``depth_first`` depth, row,
    column (ONNX: CRD, PyTorch's PixelShuffle: Shi et al. 2016).
    Source: ONNX DepthToSpace-13; TFLite DEPTH_TO_SPACE.
    """

    name: ClassVar[str] = "depth_to_space"
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    moves_only: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    block: int
    depth_first: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.rank != _IMAGE or self.block < 1 or x.shape[3] % self.block**2:
            message = f"{self} of {x}"
            raise ValueError(message)
        n, h, w, c = x.shape
        return (x.with_shape((n, h * self.block, w * self.block, c // self.block**2)),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        shape, perm = self.walk(x.shape)
        return (x.reshape(shape).transpose(perm).reshape(signature.output.shape),)

    def walk(self, shape: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the input's shape with the channels split up, and the transpose that it takes."""
        n, h, w, c = shape
        b, depth = self.block, c // self.block**2
        if self.depth_first:
            return (n, h, w, depth, b, b), (0, 1, 4, 2, 5, 3)
        return (n, h, w, b, b, depth), (0, 1, 3, 2, 4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceToDepth(Operator):
    """x [N,H*b,W*b,C] -> [N,H,W,b*b*C], b = ``block``; channels ordered as in DepthToSpace.

    Source: ONNX SpaceToDepth-13, and its mode of opset 28; TFLite SPACE_TO_DEPTH.
    """

    name: ClassVar[str] = "space_to_depth"
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    moves_only: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    block: int
    depth_first: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.rank != _IMAGE or self.block < 1 or any(n % self.block for n in x.shape[1:3]):
            message = f"{self} of {x}"
            raise ValueError(message)
        n, h, w, c = x.shape
        return (x.with_shape((n, h // self.block, w // self.block, c * self.block**2)),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        shape, perm = self.walk(x.shape)
        return (x.reshape(shape).transpose(perm).reshape(signature.output.shape),)

    def walk(self, shape: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the input's shape with rows and columns split, and the transpose that it takes."""
        n, h, w, c = shape
        b = self.block
        order = (0, 1, 3, 5, 2, 4) if self.depth_first else (0, 1, 3, 2, 4, 5)
        return (n, h // b, b, w // b, b, c), order


describe_tflite("DEPTH_TO_SPACE", "SPACE_TO_DEPTH", says=TfliteOperator(types=Types.ANY))


@importer(Format.TFLITE, "DEPTH_TO_SPACE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    op = DepthToSpace(block=node.integer("block_size"))
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs, qparams=node.qparams)


@importer(Format.TFLITE, "SPACE_TO_DEPTH")
def _back_from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    op = SpaceToDepth(block=node.integer("block_size"))
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs, qparams=node.qparams)


@importer(Format.ONNX, "DepthToSpace")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _on_image(
        node, g, DepthToSpace(block=node.integer("blocksize"), depth_first=_is_depth_first(node))
    )


@importer(Format.ONNX, "SpaceToDepth")
def _back_from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _on_image(
        node, g, SpaceToDepth(block=node.integer("blocksize"), depth_first=_is_depth_first(node))
    )


def _is_depth_first(node: SourceNode) -> bool:
    mode = node.text("mode", default="DCR")
    if mode not in {"DCR", "CRD"}:
        raise node.reject(f"mode {mode!r} is unknown", code="malformed-model")
    return mode == "CRD"


def _on_image(
    node: SourceNode, g: GraphBuilder, op: DepthToSpace | SpaceToDepth
) -> Sequence[ValueName]:
    if g.type(node.input(0)).rank != _IMAGE:
        raise node.reject(f"input of shape {g.type(node.input(0)).shape}", code="malformed-model")
    image = to_channels_last(g, node.input(0))
    return (to_channels_first(g, g.add1(op, image, name=node.name), node.outputs),)


@exporter(DepthToSpace)
def _to_tflite(op: DepthToSpace, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write DEPTH_TO_SPACE; TFLite knows one order of channels, for the other they are sorted.

    The interpreter has none for int16: then TRANSPOSE.
    """
    x = signature.inputs[0]
    if x.dtype is DType.INT16:
        emit_transposed(node, signature.output, op.walk(x.shape), out)
        return
    source = node.inputs[0]
    if op.depth_first and x.shape[3] > op.block**2:
        channels = np.arange(x.shape[3], dtype=np.int32).reshape(-1, op.block**2).T
        source = out.temporary(f"{node.name}/sorted", x)
        _emit_sorted(node, out, channels, node.inputs[0], source)
    out.emit("DEPTH_TO_SPACE", [source], node.outputs, "DepthToSpaceOptions", BlockSize=op.block)


@exporter(SpaceToDepth)
def _back_to_tflite(op: SpaceToDepth, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    y, options = signature.output, "SpaceToDepthOptions"
    if y.dtype is DType.INT16:
        emit_transposed(node, y, op.walk(signature.inputs[0].shape), out)
        return
    sorts = op.depth_first and y.shape[3] > op.block**2
    result = out.temporary(f"{node.name}/unsorted", y) if sorts else node.outputs[0]
    out.emit("SPACE_TO_DEPTH", node.inputs, [result], options, BlockSize=op.block)
    if sorts:
        channels = np.arange(y.shape[3], dtype=np.int32).reshape(op.block**2, -1).T
        _emit_sorted(node, out, channels, result, node.outputs[0])


def _emit_sorted(
    node: Node, out: TfliteEmitter, channels: Array, source: ValueName, result: ValueName
) -> None:
    order = out.constant(f"{node.name}/order", channels.reshape(-1))
    out.emit("GATHER", [source, order], [result], "GatherOptions", Axis=3)
