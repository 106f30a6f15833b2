"""Mean over some axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.numerics.fixed_point import quantize_multiplier, requantize, saturate, wrap_int32
from edgec.ops.operator import INT8_AND_INT16, is_float
from edgec.ops.reductions.reduction import Reduction, import_reduction
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(Reduction):
    """x [...] -> [...]: the mean over ``axes`` (sorted, not negative), which become 1 or go away.

    Integers: sums of 32 bits, requantized by scale_x / scale_y over the number of elements.
    Source: ONNX ReduceMean-18; TFLite 2.14 MEAN (QuantizedMeanOrSum).
    """

    name: ClassVar[str] = "mean"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16

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

    def carries_factors(self, signature: Signature) -> bool:
        return signature.inputs[0].rank - 1 not in self.axes


describe_tflite("MEAN", says=TfliteOperator(int8=2, int16=3, options="ReducerOptions"))


@importer(Format.ONNX, "ReduceMean")
@importer(Format.TFLITE, "MEAN")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_reduction(node, g, lambda axes, keep: Mean(axes=axes, keep_dims=keep))


@exporter(Mean)
def _to_tflite(op: Mean, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    axes = out.constant(f"{node.name}/axes", np.array(op.axes, np.int32))
    out.emit("MEAN", [*node.inputs, axes], node.outputs, "ReducerOptions", KeepDims=op.keep_dims)
