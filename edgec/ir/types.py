"""Types of values: shape, element type, and quantization as part of the type."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class DType(Enum):
    """Element type of a tensor; the value is its name in text and in NumPy."""

    FLOAT32 = "float32"
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    INT64 = "int64"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[Any]:
        return np.dtype(self.value)

    @property
    def bytes(self) -> int:
        return self.numpy.itemsize

    @property
    def is_integer(self) -> bool:
        return self not in {DType.FLOAT32, DType.BOOL}

    @staticmethod
    def of(array: Array) -> "DType":
        """Return the type of the elements of ``array``; ``ValueError`` where there is none."""
        return DType(array.dtype.name)


class QuantizationError(ValueError):
    """A tensor has another quantization than what asks for it can take, or none."""


@dataclass(frozen=True, slots=True)
class QParams:
    """Affine quantization: real = scale * (integer - zero_point).

    One scale and zero point per tensor (``axis`` is None), or one per slice along ``axis``.
    Scales are exact float32 values, as TFLite stores them.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None = None

    def __post_init__(self) -> None:
        if len(self.scales) != len(self.zero_points) or not self.scales:
            message = f"{len(self.scales)} scales but {len(self.zero_points)} zero points"
            raise ValueError(message)

    @classmethod
    def per_tensor(cls, scale: float, zero_point: int = 0) -> "QParams":
        return cls((float(np.float32(scale)),), (int(zero_point),))

    @classmethod
    def per_channel(cls, scales: Sequence[float] | Array, axis: int) -> "QParams":
        """Return symmetric per-channel parameters: all zero points are 0."""
        rounded = tuple(float(np.float32(scale)) for scale in scales)
        return cls(rounded, (0,) * len(rounded), axis)

    @property
    def scale(self) -> float:
        """The one scale of a per-tensor quantization."""
        self._check_per_tensor()
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The one zero point of a per-tensor quantization."""
        self._check_per_tensor()
        return self.zero_points[0]

    def _check_per_tensor(self) -> None:
        if len(self.scales) != 1:
            message = f"there are {len(self.scales)} scales, one is needed"
            raise QuantizationError(message)

    def __str__(self) -> str:
        if len(self.scales) > 1:
            return f"scales={len(self.scales)} axis={self.axis}"
        return f"scale={self.scales[0]:.9g} zp={self.zero_points[0]}"


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape, element type and, for quantized tensors, the meaning of the integers."""

    shape: tuple[int, ...]
    dtype: DType = DType.FLOAT32
    qparams: QParams | None = None

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        return self.elements * self.dtype.bytes

    @property
    def quantization(self) -> QParams:
        """The quantization of a tensor that must have one."""
        if self.qparams is None:
            message = f"{self} is not quantized"
            raise QuantizationError(message)
        return self.qparams

    def with_shape(self, shape: Sequence[int]) -> "TensorType":
        return replace(self, shape=tuple(int(extent) for extent in shape))

    def with_qparams(self, qparams: QParams | None) -> "TensorType":
        return replace(self, qparams=qparams)

    def __str__(self) -> str:
        extent = "x".join(map(str, self.shape)) or "scalar"
        quantized = f" {{{self.qparams}}}" if self.qparams else ""
        return f"{self.dtype.value}[{extent}]{quantized}"


@dataclass(frozen=True, slots=True)
class Door:
    """Integers that the source file has where the graph has the float numbers they stand for.

    Those of a model's inputs and outputs stay what the caller hands over and gets.
    """

    dtype: DType
    qparams: QParams

    def of_shape(self, shape: Sequence[int]) -> TensorType:
        """Return the type of a tensor of such integers."""
        return TensorType(tuple(shape), self.dtype, self.qparams)
