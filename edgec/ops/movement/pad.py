"""Pad: a border of one value around a tensor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.mirror_pad import pad_by_elements
from edgec.ops.movement.slice import cropped
from edgec.ops.operator import INT8_AND_INT16, Operator, OutputRule, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

_INFINITY = 1e30  # less than the least float32, which exporters write where they mean infinity


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad(Operator):
    """x [A,B,...] -> [A+a,B+b,...]: axis i grows by the pair ``paddings[i]`` = (before, after).

    It is filled with the real number ``value``; quantized tensors with the integer nearest to it:
    the zero point for 0.
    Source: ONNX Pad-25, mode constant; TFLite PAD, PADV2.
    """

    name: ClassVar[str] = "pad"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    paddings: tuple[tuple[int, int], ...]
    value: float = 0.0

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if len(self.paddings) != x.rank or any(min(pair) < 0 for pair in self.paddings):
            message = f"paddings {self.paddings} do not fit {x}"
            raise ValueError(message)
        grown = [n + sum(pair) for n, pair in zip(x.shape, self.paddings, strict=True)]
        return (x.with_shape(grown),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        fill = self.fill(signature.output)
        return (np.pad(x, self.paddings, constant_values=fill),)

    def fill(self, kind: TensorType) -> float | int:
        """Return the element to pad a tensor of type ``kind`` with."""
        if is_float(kind) or kind.qparams is None:
            return self.value if is_float(kind) else int(self.value)
        limits = np.iinfo(kind.dtype.numpy)
        q = kind.qparams
        steps = np.clip(self.value / q.scale, -(2.0**31), 2.0**31)
        return int(np.clip(np.rint(steps) + q.zero_point, limits.min, limits.max))

    @property
    def own_values(self) -> tuple[float, ...]:
        return (self.value,) if abs(self.value) < _INFINITY else ()

    def permuted(self, perm: Sequence[int]) -> "Pad":
        return replace(self, paddings=tuple(self.paddings[axis] for axis in perm))

    def carries_factors(self, signature: Signature) -> bool:
        return self.value == 0

    def is_copy(self, signature: Signature) -> bool:
        return True


describe_tflite("PAD", "PADV2", says=TfliteOperator(int8=2, int16=3, types=Types.ANY))


@importer(Format.TFLITE, "PAD", "PADV2")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    pairs = node.constant(g, 1).reshape(-1, 2)
    if pairs.min(initial=0) < 0:  # the interpreter takes none
        raise node.reject(
            f"negative paddings {tuple(map(tuple, pairs.tolist()))}",
            help="replace the negative padding by a slice",
        )
    value = _real_value(node, g) if len(node.present_inputs()) > 2 else 0.0  # noqa: PLR2004
    return _pad(node, g, [(int(before), int(after)) for before, after in pairs], value)


def _real_value(node: SourceNode, g: GraphBuilder) -> float:
    raw, kind = node.constant(g, 2).item(), g.type(node.input(2))
    if kind.qparams is None:
        return float(raw)
    return kind.qparams.scale * float(raw - kind.qparams.zero_point)


@importer(Format.ONNX, "Pad")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    mode = node.text("mode", default="constant")
    node, pairs = pads_of_onnx(node, g)
    if mode != "constant":
        node.ignore("value")
        return pad_by_elements(node, g, pairs, mode)
    default = np.array([node.number("value", default=0.0)])
    return _pad(node, g, pairs, float(flat_constant(node, g, 2, default)[0]))


def pads_of_onnx(node: SourceNode, g: GraphBuilder) -> tuple[SourceNode, Sequence[tuple[int, int]]]:
    """Return the pads of each axis, none negative, and the node that reads what is left then.

    Raises ``malformed-model`` for pads and axes that do not fit the input.
    """
    rank = g.type(node.input(0)).rank
    flat = _pads(node, g)
    axes = [int(axis) for axis in flat_constant(node, g, 3, np.arange(len(flat) // 2))]
    if len(flat) != 2 * len(axes) or any(not -rank <= axis < rank for axis in axes):
        message = f"pads {flat} and axes {axes} do not fit a rank-{rank} tensor"
        raise node.reject(message, code="malformed-model")
    pairs = [(0, 0)] * rank
    for index, axis in enumerate(axes):
        pairs[axis] = (flat[index], flat[index + len(axes)])
    return cropped(node, g, pairs)


def _pads(node: SourceNode, g: GraphBuilder) -> tuple[int, ...]:
    """Return the pads, all the fronts first: input 1, or an attribute before opset 11."""
    if len(node.inputs) > 1:
        return tuple(int(each) for each in node.constant(g, 1).flat)
    return node.integers("paddings" if node.has("paddings") else "pads")


def flat_constant(node: SourceNode, g: GraphBuilder, index: int, default: Array) -> Array:
    """Return a constant input as a flat array, ``default`` where it is absent."""
    absent = index >= len(node.inputs) or node.inputs[index] is None
    return default if absent else node.constant(g, index).reshape(-1)


def _pad(
    node: SourceNode, g: GraphBuilder, pairs: Sequence[tuple[int, int]], value: float
) -> Sequence[ValueName]:
    return add_or_fold(node, g, Pad(paddings=tuple(pairs), value=value), [node.input(0)])


@exporter(Pad)
def _to_tflite(op: Pad, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    inputs = [*node.inputs, out.constant(f"{node.name}/pads", np.array(op.paddings, np.int32))]
    if op.value == 0:
        out.emit("PAD", inputs, node.outputs, "PadOptions")
        return
    kind = signature.output
    fill = out.constant(
        f"{node.name}/value", np.array([op.fill(kind)], kind.dtype.numpy), kind.qparams
    )
    out.emit("PADV2", [*inputs, fill], node.outputs, "PadV2Options")
