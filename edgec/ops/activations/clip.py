"""Clip: limits to any two bounds. Bounds that TFLite has a rectifier for become a Relu."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.conversion.quantize import quantize_floats, requantize_integers
from edgec.ops.functions.unary import Unary, import_unary
from edgec.ops.operator import INT8_AND_INT16, Activation, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip(Unary):
    """x [...] -> [...]: x limited to [low, high], two real numbers.

    Integers are requantized as by QUANTIZE, then limited to the integers nearest to the bounds.
    Source: ONNX Clip-13, Max-13, Min-13; TFLite MAXIMUM and MINIMUM with one constant number.
    """

    name: ClassVar[str] = "clip"
    only_limits: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    low: float = -np.inf
    high: float = np.inf

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (np.minimum(np.maximum(x, np.float32(self.low)), np.float32(self.high)),)
        y = requantize_integers(x, signature.inputs[0], signature.output)
        low, high = self.quantized_bounds(signature.output)
        return (np.minimum(np.maximum(y, low), high).astype(x.dtype),)

    def quantized_bounds(self, kind: TensorType) -> tuple[int, int]:
        """Return the bounds in the integers of ``kind``."""
        low, high = quantize_floats(np.array([self.low, self.high], np.float32), kind)
        return int(low), int(high)


@importer(Format.ONNX, "Clip")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    low, high = _bound(node, g, 1, "min", -np.inf), _bound(node, g, 2, "max", np.inf)
    for activation in Activation:
        if activation is not Activation.NONE and activation.bounds == (low, high):
            return import_unary(node, g, Relu(activation=activation))
    return import_unary(node, g, Clip(low=low, high=high))


def _bound(node: SourceNode, g: GraphBuilder, index: int, name: str, default: float) -> float:
    """Return a bound: a constant input since opset 11, an attribute before."""
    if index < len(node.inputs) and node.inputs[index] is not None:
        return float(node.constant(g, index).reshape(-1)[0])
    value = node.number(name, default=default)
    return default if abs(value) >= np.finfo(np.float32).max else value


def limit_by(
    node: SourceNode, g: GraphBuilder, data: ValueName, limit: ValueName
) -> Sequence[ValueName]:
    """Add TFLite's MAXIMUM or MINIMUM of a tensor and one constant number."""
    array, kind = np.asarray(g.constant_value(limit)), g.type(limit)
    bound = float((dequantized(array, kind) if kind.qparams else array).item())
    op = Clip(low=bound) if node.op == "MAXIMUM" else Clip(high=bound)
    return g.add(op, [data], name=node.name, outputs=node.outputs, qparams=node.qparams)


@exporter(Clip)
def _to_tflite(op: Clip, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write QUANTIZE where the scales differ, then MAXIMUM and MINIMUM with integer bounds."""
    kind = signature.output
    limits = np.iinfo(kind.dtype.numpy)
    low, high = op.quantized_bounds(kind)
    bounds = [("MAXIMUM", low)] * (low > limits.min) + [("MINIMUM", high)] * (high < limits.max)
    if signature.inputs[0].qparams != kind.qparams:
        value = out.temporary(f"{node.name}/rescaled", kind) if bounds else node.outputs[0]
        out.emit("QUANTIZE", node.inputs, [value], "QuantizeOptions")
    else:
        value = node.inputs[0]
        bounds = bounds or [("MAXIMUM", low)]
    for code, bound in bounds:
        last = code == bounds[-1][0]
        result = node.outputs[0] if last else out.temporary(f"{node.name}/{code}", kind)
        data = np.array(bound, kind.dtype.numpy)
        limit = out.constant(f"{node.name}/{code}_bound", data, kind.qparams)
        out.emit(code, [value, limit], [result], "MaximumMinimumOptions")
        value = result
