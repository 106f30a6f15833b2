"""Running sums along an axis."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.numerics.fixed_point import quantize_multiplier, requantize, saturate, wrap_int32
from edgec.ops.operator import INT8_AND_INT16, Operator, is_float
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CumSum(Operator):
    """x [...,A,...] -> [...,A,...]: the sum of all elements up to here, along ``axis``.

    The element itself does not count where ``exclusive``; sums run from the end where ``reverse``.
    Quantized sums are exact in int32, limited to what can be rescaled, and requantized once; those
    of int32 wrap around.
    Source: ONNX CumSum-14; TFLite CUMSUM (float32 and int32 only: quantized sums are edgec's own).
    """

    name: ClassVar[str] = "cum_sum"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    axis: int
    exclusive: bool = False
    reverse: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not 0 <= self.axis < x.rank:
            message = f"{self} of {x}"
            raise ValueError(message)
        return (TensorType(x.shape, x.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        source, target = signature.inputs[0], signature.output
        if is_float(source):
            return (self._sums(x).astype(np.float32),)
        if source.qparams is None:
            return (np.asarray(wrap_int32(self._sums(x.astype(np.int64))), np.int32),)
        sums = self._sums(x.astype(np.int64) - source.quantization.zero_point)
        multiplier, shift = quantize_multiplier(cum_sum_factor(signature))
        most = _LARGEST >> max(shift, 0)
        y = requantize(np.clip(sums, -most, most), multiplier, shift)
        limits = np.iinfo(x.dtype)
        y = y + target.quantization.zero_point
        return (saturate(y, int(limits.min), int(limits.max), x.dtype),)

    def _sums(self, x: Array) -> Array:
        turned = np.flip(x, self.axis) if self.reverse else x
        sums = np.cumsum(turned, axis=self.axis, dtype=x.dtype)
        if self.exclusive:
            sums = np.roll(sums, 1, axis=self.axis)
            first = [slice(None)] * x.ndim
            first[self.axis] = slice(0, 1)
            sums[tuple(first)] = 0
        return np.flip(sums, self.axis) if self.reverse else sums

    def permuted(self, perm: Sequence[int]) -> "CumSum":
        return replace(self, axis=tuple(perm).index(self.axis))


def cum_sum_factor(signature: Signature) -> float:
    """Return input scale / output scale, in double."""
    return signature.inputs[0].quantization.scale / signature.output.quantization.scale


describe_tflite("CUMSUM", says=TfliteOperator(types=Types.ANY, options="CumsumOptions"))


@importer(Format.ONNX, "CumSum")
@importer(Format.TFLITE, "CUMSUM")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = in_32_bits(g, node.input(0))
    if g.type(x).qparams is not None:
        raise node.reject(
            "of a quantized tensor",
            code="unsupported-quantization",
            help="TFLite's kernel takes float32 and int32 only: convert the model without "
            "quantization, and give it to edgec with --calib",
        )
    op = CumSum(
        axis=checked_axis(node, int(node.constant(g, 1).item()), g.type(x).rank),
        exclusive=node.flag("exclusive", default=False),
        reverse=node.flag("reverse", default=False),
    )
    return add_or_fold(node, g, op, [x])


@exporter(CumSum)
def _to_tflite(op: CumSum, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write CUMSUM of int32; ``cannot-export`` for integers with a scale."""
    if signature.output.qparams is not None:
        raise EdgecError(
            "cannot-export",
            f"TFLite has no CUMSUM of {signature.output.dtype.value}",
            place=Place(inside=f"node {node.name!r}"),
            help="build without the .tflite file",
        )
    axis = out.constant(f"{node.name}/axis", np.array(op.axis, np.int32))
    fields = {"Exclusive": op.exclusive, "Reverse": op.reverse}
    out.emit("CUMSUM", [*node.inputs, axis], node.outputs, "CumsumOptions", **fields)
