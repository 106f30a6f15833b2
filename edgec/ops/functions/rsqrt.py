"""Inverse square root of each element."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.functions.unary import Tabulated, export_table, import_unary
from edgec.ops.numerics.fixed_point import quantize_multiplier, requantize
from edgec.ops.numerics.inverse_root import inverse_root
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite

_SHIFT = 20  # to the left, of the integer inverse root


@dataclass(frozen=True, slots=True, kw_only=True)
class Rsqrt(Tabulated):
    """x [...] -> [...]: 1 / sqrt(x).

    int8 in fixed point, by Newton's method (inverse_root), 127 for 0 and below; int16 by a table.
    Source: TFLite 2.14 RSQRT (RsqrtEvalQuantized).
    """

    name: ClassVar[str] = "rsqrt"

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        if inputs[0].dtype == np.int8:
            return (self._of_integers(inputs[0], signature),)
        return Tabulated.evaluate(self, inputs, signature)

    def of_floats(self, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(1 / np.sqrt(x.astype(np.float64)), np.float32)

    def _of_integers(self, x: Array, signature: Signature) -> Array:
        source, target = signature.inputs[0].quantization, signature.output.quantization
        centered = x.astype(np.int64) - source.zero_point
        root = np.sqrt(np.float32(source.scale))
        multiplier, shift = quantize_multiplier(1 / float(root * np.float32(target.scale)))
        inverse, exponent = inverse_root(np.maximum(centered, 1))
        raised = requantize(np.ones_like(centered), inverse, exponent + _SHIFT)
        y = requantize(raised, multiplier, shift - _SHIFT) + target.zero_point
        return np.where(centered > 0, np.clip(y, -128, 127), 127).astype(x.dtype)


describe_tflite("RSQRT", says=TfliteOperator(int8=2, int16=2))


@importer(Format.TFLITE, "RSQRT")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Rsqrt())


@exporter(Rsqrt)
def _to_tflite(op: Rsqrt, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write RSQRT, which the interpreter does not know for int16: then a table."""
    if signature.output.dtype is DType.INT16:
        export_table(op, node, signature, out)
    else:
        out.emit("RSQRT", node.inputs, node.outputs)
