"""Mean over some axes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.base import Operator, is_float
from edgec.ops.fixed_point import quantize_multiplier, requantize, saturate, wrap_int32
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(Operator):
    """x -> the mean over ``axes`` (sorted, not negative), which become 1 or go away."""

    name: ClassVar[str] = "mean"
    axes: tuple[int, ...]
    keep_dims: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not all(0 <= axis < x.rank for axis in self.axes) or not x.elements:
            message = f"mean over axes {self.axes} of {x}"
            raise ValueError(message)
        kept = [1 if axis in self.axes else extent for axis, extent in enumerate(x.shape)]
        if not self.keep_dims:
            kept = [extent for axis, extent in enumerate(x.shape) if axis not in self.axes]
        return (TensorType(tuple(kept), x.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (np.asarray(x.mean(axis=self.axes, keepdims=self.keep_dims), x.dtype),)
        total = x.astype(np.int64).sum(axis=self.axes, keepdims=self.keep_dims)
        zero = signature.inputs[0].quantization.zero_point
        total = wrap_int32(total - self.count(signature) * zero)
        y = requantize(total, *self.multiplier(signature))
        limits = np.iinfo(x.dtype)
        y += signature.output.quantization.zero_point
        return (saturate(y, int(limits.min), int(limits.max), x.dtype),)

    def macs(self, signature: Signature) -> int:
        return signature.inputs[0].elements

    def count(self, signature: Signature) -> int:
        """Return how many elements make one mean."""
        return prod(signature.inputs[0].shape[axis] for axis in self.axes)

    def multiplier(self, signature: Signature) -> tuple[int, int]:
        """Return multiplier and shift from the sum to the output.

        TFLite 2.14 divides the multiplier of the two scales by the count, truncating, after it has
        made up for the digits that the division loses.
        """
        x, y = signature.inputs[0].quantization, signature.output.quantization
        multiplier, shift = quantize_multiplier(x.scale / y.scale)
        count = self.count(signature)
        spare = min(count.bit_length() - 1, 32, 31 + shift)
        return (multiplier << spare) // count, shift - spare

    def permuted(self, perm: Sequence[int]) -> "Mean":
        return replace(self, axes=tuple(sorted(tuple(perm).index(axis) for axis in self.axes)))


@importer(Format.TFLITE, "MEAN")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    axes = _axes(node, g, node.constant(g, 1))
    op = Mean(axes=axes, keep_dims=node.flag("keep_dims", default=False))
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs, qparams=node.qparams)


@importer(Format.ONNX, "ReduceMean")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import a mean; the axes are an input from opset 18 on, all axes where there are none."""
    listed = np.array(node.integers("axes", default=()), np.int64)
    if len(node.present_inputs()) > 1:
        listed = node.constant(g, 1)
    if listed.size == 0:
        if node.flag("noop_with_empty_axes", default=False):
            return [node.input(0)]
        listed = np.arange(g.type(node.input(0)).rank)
    op = Mean(axes=_axes(node, g, listed), keep_dims=node.flag("keepdims", default=True))
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs)


def _axes(node: SourceNode, g: GraphBuilder, listed: Array) -> tuple[int, ...]:
    """Return the axes sorted; negative ones count from the end, twice means once."""
    rank = g.type(node.input(0)).rank
    axes = [int(axis) for axis in listed.flat]
    if not all(-rank <= axis < rank for axis in axes):
        raise node.reject(f"axes {axes} of a rank-{rank} tensor", code="malformed-model")
    return tuple(sorted({axis % rank for axis in axes}))


@exporter(Mean)
def _to_tflite(op: Mean, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    axes = out.constant(f"{node.name}/axes", np.array(op.axes, np.int32))
    out.emit("MEAN", [*node.inputs, axes], node.outputs, "ReducerOptions", KeepDims=op.keep_dims)
