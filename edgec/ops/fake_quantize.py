"""Quantize and dequantize in one: the mark, in a float graph, that a value has integers of its own.

The front end makes it from QDQ models; lowering turns what is marked into integers of just these
scales, and the mark is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, QParams, Signature
from edgec.ops.unary import Unary

_UINT8_TO_INT8 = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeQuantize(Unary):
    """x, float32 -> the nearest number that integers of ``dtype`` can represent.

    Halves go to the even integer. Source: ONNX QuantizeLinear, then DequantizeLinear.
    """

    name: ClassVar[str] = "fake_quantize"
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
    def qparams(self) -> QParams:
        """The quantization in signed integers: uint8 is shifted to int8, the numbers stay."""
        return signed(QParams.per_tensor(self.scale, self.zero_point), self.dtype)


def signed(q: QParams, dtype: DType) -> QParams:
    """Return the quantization of the same numbers in int8, where ``dtype`` is uint8."""
    shift = _UINT8_TO_INT8 if dtype is DType.UINT8 else 0
    return QParams(q.scales, tuple(each - shift for each in q.zero_points), q.axis)
