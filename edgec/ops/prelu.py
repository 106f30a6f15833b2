"""Rectifier with slopes of its own for negative values, one per channel or element."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.base import Operator
from edgec.ops.broadcasting import broadcast_type, centered, import_elementwise
from edgec.ops.fixed_point import quantize_multiplier, requantize, saturate
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Prelu(Operator):
    """x; slope -> x where x >= 0, else slope * x. The slopes broadcast to the shape of x."""

    name: ClassVar[str] = "prelu"
    pointwise: ClassVar[bool] = True

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        result = broadcast_type(inputs)
        if result.shape != inputs[0].shape:
            message = f"slopes {inputs[1]} do not broadcast to {inputs[0]}"
            raise ValueError(message)
        return (result,)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, slope = inputs
        output = signature.output
        if output.qparams is None:
            return (np.where(x >= 0, x, slope * x).astype(x.dtype),)
        x, slope = centered(inputs, signature)
        above, below = (quantize_multiplier(each) for each in slope_factors(signature))
        y = np.where(x >= 0, requantize(x, *above), requantize(x * slope, *below))
        limits = np.iinfo(output.dtype.numpy)
        y = y + output.qparams.zero_point
        return (saturate(y, limits.min, limits.max, output.dtype.numpy),)


def slope_factors(signature: Signature) -> tuple[float, float]:
    """Return the factors of positive and negative numbers, in float32 as TFLite computes them."""
    x, slope = (np.float32(kind.quantization.scale) for kind in signature.inputs)
    y = np.float32(signature.output.quantization.scale)
    return float(x / y), float(x * slope / y)


@importer(Format.ONNX, "PRelu")
@importer(Format.TFLITE, "PRELU")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_elementwise(node, g, Prelu())


@exporter(Prelu)
def _to_tflite(op: Prelu, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("PRELU", node.inputs, node.outputs)
