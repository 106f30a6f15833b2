"""Quantize: float32 to integers, or integers to integers of another scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.numerics.fixed_point import quantize_multiplier, requantize, saturate, wrap_int32
from edgec.ops.operator import INT8_AND_INT16, Operator, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantize(Operator):
    """x [...], float32 or quantized -> [...]: integers of type ``dtype``.

    Floats are divided by the scale in float32 and rounded half away from zero; NaN becomes the zero
    point. Integers are requantized in fixed point; int8 becomes int16 by way of float32, since
    TFLite 2.14 has no such QUANTIZE. uint8 and int32 are at the door: what a model reads or makes.
    Source: TFLite 2.14 QUANTIZE (AffineQuantize, Requantize; Jacob et al. 2018).
    """

    name: ClassVar[str] = "quantize"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    dtype: DType = DType.INT8

    def is_copy(self, signature: Signature) -> bool:
        """Integers of one type and quantization stay as they are: the factor is 1."""
        kinds = (*signature.inputs, *signature.outputs)
        return all(kind.dtype is self.dtype and kind.qparams is not None for kind in kinds)

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not is_float(x) and not x.dtype.is_integer:
            message = f"quantize of {x}"
            raise ValueError(message)
        return (TensorType(x.shape, self.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (quantize_floats(x, signature.output),)
        if is_widening(signature):
            return (quantize_floats(dequantized(x, signature.inputs[0]), signature.output),)
        return (requantize_integers(x, signature.inputs[0], signature.output),)


def is_widening(signature: Signature) -> bool:
    """Tell whether int8 becomes int16."""
    return (signature.inputs[0].dtype, signature.output.dtype) == (DType.INT8, DType.INT16)


def is_shift(source: TensorType, target: TensorType) -> bool:
    """Tell whether uint8 becomes the int8 that is 128 less, or int8 the uint8 that is 128 more."""
    return source.dtype is not target.dtype and signed_form(source) == signed_form(target)


def signed_form(kind: TensorType) -> TensorType:
    """Return int8 for uint8: the same numbers, with integers and zero point 128 less."""
    if kind.dtype is not DType.UINT8 or kind.qparams is None:
        return kind
    q = kind.qparams
    shifted = replace(q, zero_points=tuple(zero - 128 for zero in q.zero_points))
    return TensorType(kind.shape, DType.INT8, shifted)


def quantize_floats(x: Array, kind: TensorType, *, halves_to_even: bool = False) -> Array:
    """Return float32 ``x`` as integers of ``kind`` (TFLite: AffineQuantize), saturating.

    Halves go away from zero, or to the even integer as in ONNX QuantizeLinear.
    """
    q, limits = kind.quantization, np.iinfo(kind.dtype.numpy)
    with np.errstate(over="ignore"):
        ratio = (x.astype(np.float32) / np.float32(q.scale)).astype(np.float64)
    away = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio)
    rounded = np.rint(ratio) if halves_to_even else away
    bounded = np.nan_to_num(rounded, nan=0.0, posinf=2.0**31, neginf=-(2.0**31))
    return np.clip(bounded + q.zero_point, limits.min, limits.max).astype(kind.dtype.numpy)


def requantize_integers(x: Array, source: TensorType, target: TensorType) -> Array:
    """Return ``x`` of quantization ``source`` in that of ``target`` (TFLite: Requantize)."""
    limits = np.iinfo(target.dtype.numpy)
    multiplier, shift = quantize_multiplier(rescale_factor(source, target))
    centered = wrap_int32(x.astype(np.int64) - source.quantization.zero_point)
    y = wrap_int32(requantize(centered, multiplier, shift) + target.quantization.zero_point)
    return saturate(y, limits.min, limits.max, target.dtype.numpy)


def rescale_factor(source: TensorType, target: TensorType) -> float:
    """Return source scale / target scale, in double."""
    return source.quantization.scale / target.quantization.scale


describe_tflite("QUANTIZE", says=TfliteOperator(int8=2, int16=2, integers="outputs"))


@importer(Format.TFLITE, "QUANTIZE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    op = Quantize(dtype=node.dtypes[0] if node.dtypes else DType.INT8)
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs, qparams=node.qparams)


@exporter(Quantize)
def _to_tflite(op: Quantize, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    inputs: Sequence[ValueName] = node.inputs
    if is_widening(signature):
        real = TensorType(signature.inputs[0].shape, DType.FLOAT32)
        inputs = [out.temporary(f"{node.name}/float32", real)]
        out.emit("DEQUANTIZE", node.inputs, inputs, "DequantizeOptions")
    out.emit("QUANTIZE", inputs, node.outputs, "QuantizeOptions")
