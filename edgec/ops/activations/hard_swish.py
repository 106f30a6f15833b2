"""Hard swish: x * relu6(x + 3) / 6."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, ValueName
from edgec.ops.functions.unary import Tabulated, export_table, import_unary, recognize
from edgec.ops.numerics.fixed_point import (
    Int64,
    quantize_multiplier,
    rounding_right_shift,
    saturate,
)
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer

_INT16_MIN, _INT16_MAX = -(2**15), 2**15 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HardSwish(Tabulated):
    """x [...] -> [...]: x * relu6(x + 3) / 6.

    int8 in 16-bit fixed point with 7 extra bits, as TFLite does it; int16 by a table.
    Source: ONNX HardSwish-22; TFLite 2.14 reference_ops::HardSwish (Howard et al. 2019,
    MobileNetV3).
    """

    name: ClassVar[str] = "hard_swish"

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        if inputs[0].dtype == np.int8:
            return (_hard_swish(inputs[0], signature),)
        return Tabulated.evaluate(self, inputs, signature)

    def of_floats(self, x: Array) -> Array:
        gate = np.clip(x + np.float32(3), 0, 6) * np.float32(1 / 6)
        return np.asarray(x * gate, np.float32)


recognize(HardSwish())


def _hard_swish(x: Array, signature: Signature) -> Array:
    source, target = signature.inputs[0].quantization, signature.output.quantization
    fine_scale = np.float32(1 / 128) * np.float32(source.scale)
    fine = (x.astype(np.int64) - source.zero_point) << 7
    multiplier, exponent = _multiplier16(float(fine_scale / np.float32(target.scale)))
    scaled = _high_multiply16(fine, multiplier)
    gate = (_gate(fine, fine_scale) + 2**15) >> 1  # relu6(x + 3) / 6 in Q0.15
    product = _saturate16(np.trunc(gate * scaled / 2**15).astype(np.int64))
    shifted = rounding_right_shift(product, max(-exponent, 0)) << max(exponent, 0)
    limits = np.iinfo(x.dtype)
    return saturate(shifted + target.zero_point, limits.min, limits.max, x.dtype)


def _gate(fine: Int64, fine_scale: np.float32) -> Int64:
    """Return x / 3 saturated to [-1, 1), in Q0.15."""
    multiplier, exponent = _multiplier16(float(fine_scale / np.float32(3 / 2**15)))
    if exponent > 0:  # all but one bit of the shift before the multiplication, to lose none
        raised = _saturate16(fine << (exponent - 1))
        return _saturate16(_high_multiply16(raised, multiplier) << 1)
    return rounding_right_shift(_high_multiply16(fine, multiplier), -exponent)


def _multiplier16(factor: float) -> tuple[int, int]:
    """Write a factor as ``multiplier * 2**(exponent - 15)`` with a 16-bit multiplier."""
    multiplier, exponent = quantize_multiplier(factor)
    return min((multiplier + 2**15) >> 16, _INT16_MAX), exponent


def _high_multiply16(x: Int64, multiplier: int) -> Int64:
    """Return the high 16 bits of 2*x*multiplier, halves rounded up."""
    return (x * multiplier + 2**14) >> 15


def _saturate16(x: Int64) -> Int64:
    return np.clip(x, _INT16_MIN, _INT16_MAX)


@importer(Format.ONNX, "HardSwish")
@importer(Format.TFLITE, "HARD_SWISH")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, HardSwish())


@exporter(HardSwish)
def _to_tflite(op: HardSwish, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write HARD_SWISH, which the interpreter does not know for int16: then a table."""
    if signature.output.dtype is DType.INT16:
        export_table(op, node, signature, out)
    else:
        out.emit("HARD_SWISH", node.inputs, node.outputs)
