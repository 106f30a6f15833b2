"""Operators that TFLite has in uint8 only: written so, with a QUANTIZE on every side.

What the scheme before int8 had, weights with a zero point, averages with halves rounded up, pixels
blended in floats, is int8 here and uint8 in the file. The conversions only shift; reading the file
back drops them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgec.ir import Array, DType, Op, QParams, Signature, TensorType, ValueName
from edgec.ops.layers.l2_normalization import L2Normalization
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.movement.resize_bilinear import ResizeBilinear
from edgec.ops.pooling.average_pool2d import AveragePool2D


def computes_in_uint8(op: Op, signature: Signature) -> bool:
    """Tell whether TFLite has no int8 kernel that does what a node does."""
    if isinstance(op, AveragePool2D):
        return op.halves_up
    if isinstance(op, ResizeBilinear):
        return op.in_floats
    if isinstance(op, L2Normalization):
        return op.fine
    weighs = isinstance(op, WeightedLayer) and signature.inputs[1].qparams is not None
    return weighs and any(signature.inputs[1].quantization.zero_points)


def unsigned_form(kind: TensorType) -> TensorType:
    """Return uint8 for int8: the same numbers, with integers and zero point 128 more."""
    q = kind.quantization
    shifted = QParams(q.scales, tuple(zero + 128 for zero in q.zero_points), q.axis)
    return TensorType(kind.shape, DType.UINT8, shifted)


@dataclass(frozen=True, slots=True)
class UnsignedEmitter:
    """Writes what an exporter says of int8 as operators on uint8, to the emitter ``inner``."""

    inner: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def emit(
        self,
        code: str,
        inputs: Sequence[ValueName | None],
        outputs: Sequence[ValueName],
        options: str = "",
        **fields: Any,
    ) -> None:
        read = [None if value is None else self._read(value) for value in inputs]
        made = [self._made(value) for value in outputs]
        self.inner.emit(code, read, made, options, **fields)
        for result, value in zip(made, outputs, strict=True):
            if result != value:
                self.inner.emit("QUANTIZE", [result], [value], "QuantizeOptions")

    def _read(self, value: ValueName) -> ValueName:
        kind, data = self.inner.described(value)
        if not _is_signed(kind):
            return value
        shifted = unsigned_form(kind)
        if data is not None:
            return ValueName(self.inner.stand_in(value, _shifted(data), shifted.qparams))
        result = self.inner.temporary(f"{value}/uint8", shifted)
        self.inner.emit("QUANTIZE", [value], [result], "QuantizeOptions")
        return ValueName(result)

    def _made(self, value: ValueName) -> ValueName:
        kind, _ = self.inner.described(value)
        if not _is_signed(kind):
            return value
        return ValueName(self.inner.temporary(f"{value}/uint8", unsigned_form(kind)))


def _is_signed(kind: TensorType) -> bool:
    return kind.dtype is DType.INT8 and kind.qparams is not None


def _shifted(data: Array) -> Array:
    return np.asarray(data.view(np.uint8) ^ np.uint8(128))
