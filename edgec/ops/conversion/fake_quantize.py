"""Quantize and dequantize in one: the mark, in a float graph, that a value has integers of its own.

The front end makes it from QDQ models; lowering turns what is marked into integers of just these
scales, and the mark is gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, QParams, Signature, TensorType
from edgec.ops.functions.unary import Unary

_HALF = {DType.UINT8: 128, DType.UINT16: 32768}  # what makes unsigned integers signed
_WIDE = {DType.INT16, DType.UINT16}
_INT16_LIMIT = 32767


@dataclass(frozen=True, slots=True)
class Annotation:
    """The integers a value becomes: their type, int8 or int16, and what they mean."""

    qparams: QParams
    dtype: DType = DType.INT8

    @property
    def scale(self) -> float:
        return self.qparams.scale

    @property
    def zero_point(self) -> int:
        return self.qparams.zero_point

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the largest real value that the integers hold."""
        bounds = np.iinfo(self.dtype.numpy)
        return (
            self.scale * (int(bounds.min) - self.zero_point),
            self.scale * (int(bounds.max) - self.zero_point),
        )

    def holds(self, numbers: Iterable[float]) -> bool:
        """Tell whether numbers are within the limits, rounded."""
        low, high = self.limits
        return all(low - self.scale / 2 <= x <= high + self.scale / 2 for x in numbers)

    def of_shape(self, shape: Sequence[int]) -> TensorType:
        """Return the type of a tensor of such integers."""
        return TensorType(tuple(shape), self.dtype, self.qparams)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeQuantize(Unary):
    """x [...], float32 -> [...]: the nearest number that integers of ``dtype`` can represent.

    Halves go to the even integer; NaN becomes 0, the zero point.
    Source: ONNX QuantizeLinear-13, then DequantizeLinear-13, with one scale.
    """

    name: ClassVar[str] = "fake_quantize"
    is_internal: ClassVar[bool] = True
    is_replaced: ClassVar[bool] = True
    scale: float
    zero_point: int
    dtype: DType = DType.INT8

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        limits = np.iinfo(self.dtype.numpy)
        with np.errstate(over="ignore"):
            steps = np.rint(x / np.float32(self.scale)) + np.float32(self.zero_point)
        bounded = np.clip(np.nan_to_num(steps, nan=self.zero_point), limits.min, limits.max)
        return (((bounded - self.zero_point) * np.float32(self.scale)).astype(np.float32),)

    @property
    def annotation(self) -> Annotation:
        """The same numbers in signed integers; int16 has no zero point, which TFLite demands.

        A zero point in 16 bits is taken away by a larger scale, at most twice as large.
        """
        zero = self.zero_point - _HALF.get(self.dtype, 0)
        if self.dtype not in _WIDE:
            return Annotation(QParams.per_tensor(self.scale, zero))
        farthest = max(_HALF[DType.UINT16] + zero, _INT16_LIMIT - zero)
        factor = farthest / _INT16_LIMIT if zero else 1.0
        return Annotation(QParams.per_tensor(self.scale * factor), DType.INT16)

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the largest result."""
        bounds = np.iinfo(self.dtype.numpy)
        low, high = int(bounds.min) - self.zero_point, int(bounds.max) - self.zero_point
        return self.scale * low, self.scale * high

    @property
    def is_exact(self) -> bool:
        """Tell whether :attr:`mark` has just the numbers that the source file has."""
        return self.annotation.scale == float(np.float32(self.scale))
