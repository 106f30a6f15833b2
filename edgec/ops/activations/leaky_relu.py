"""Leaky rectifier: negative values are scaled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.functions.unary import Unary, import_unary, rescaled, scale_ratio
from edgec.ops.numerics.fixed_point import saturate
from edgec.ops.operator import INT8_AND_INT16, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyRelu(Unary):
    """x [...] -> [...]: x where x >= 0, else alpha * x.

    Integers have a multiplier for each side, whose factors are computed in float32.
    Source: ONNX LeakyRelu-16; TFLite 2.14 reference_ops::QuantizeLeakyRelu (Maas et al. 2013).
    """

    name: ClassVar[str] = "leaky_relu"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    alpha: float

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (np.where(x >= 0, x, x * np.float32(self.alpha)).astype(x.dtype),)
        limits = np.iinfo(x.dtype)
        positive = rescaled(x, scale_ratio(signature), signature)
        negative = rescaled(x, self.negative_factor(signature), signature)
        zero = signature.inputs[0].quantization.zero_point
        y = np.where(x.astype(np.int64) >= zero, positive, negative)
        return (saturate(y, limits.min, limits.max, x.dtype),)

    def negative_factor(self, signature: Signature) -> float:
        """Return alpha * input scale / output scale, in float32 as TFLite computes it."""
        source, target = signature.inputs[0].quantization, signature.output.quantization
        scaled = np.float32(source.scale) * np.float32(self.alpha)
        return float(scaled / np.float32(target.scale))

    def carries_factors(self, signature: Signature) -> bool:
        return True


@importer(Format.ONNX, "LeakyRelu")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, LeakyRelu(alpha=node.number("alpha", default=0.01)))


describe_tflite("LEAKY_RELU", says=TfliteOperator(int8=2, int16=2))


@importer(Format.TFLITE, "LEAKY_RELU")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, LeakyRelu(alpha=node.number("alpha", default=0.0)))


@exporter(LeakyRelu)
def _to_tflite(op: LeakyRelu, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("LEAKY_RELU", node.inputs, node.outputs, "LeakyReluOptions", Alpha=op.alpha)
