"""Reads the quantization of a TFLite tensor, as tolerant as TensorFlow Lite Micro is."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tflite

from edgec.ir import DType, QParams

Count = Callable[[Any, str], int]


def read_quantization(
    table: Any, shape: tuple[int, ...], dtype: DType | None, count: Count
) -> QParams | None:
    """Return the quantization of a tensor, None where it has none (only a range, or a float type).

    ``count(table, field)`` returns the length of a vector once it is known to be sane. Parameters
    that contradict each other or the tensor raise ``ValueError``, whose text goes behind "with".
    """
    if table is None or dtype is None or not dtype.is_integer or not count(table, "Scale"):
        return None
    if table.DetailsType() != tflite.QuantizationDetails.NONE:
        raise ValueError("custom quantization")
    scales = tuple(float(scale) for scale in table.ScaleAsNumpy())
    zero_points = _zero_points(table, len(scales), count)
    _check_values(scales, zero_points, dtype)
    if len(scales) == 1:
        return QParams(scales, zero_points)
    return QParams(scales, zero_points, _axis(table.QuantizedDimension(), len(scales), shape))


def _zero_points(table: Any, scales: int, count: Count) -> tuple[int, ...]:
    """Return one zero point per scale; absent ones are 0, a single one is for all."""
    given = count(table, "ZeroPoint")
    if not given:
        return (0,) * scales
    zero_points = tuple(int(each) for each in table.ZeroPointAsNumpy())
    if given not in {1, scales}:
        message = f"{scales} scales but {given} zero points"
        raise ValueError(message)
    return zero_points * (scales // given)


def _check_values(scales: tuple[float, ...], zero_points: tuple[int, ...], dtype: DType) -> None:
    for scale in scales:
        if not (math.isfinite(scale) and scale >= 0):
            message = f"scale {scale}"
            raise ValueError(message)
    limits = np.iinfo(dtype.numpy)
    for zero_point in zero_points:
        if not limits.min <= zero_point <= limits.max:
            message = f"zero point {zero_point} is no {dtype.value}"
            raise ValueError(message)


def _axis(stated: int, scales: int, shape: tuple[int, ...]) -> int:
    """Return the axis that has one scale per slice; on a vector there is only one."""
    axis = 0 if len(shape) == 1 else stated
    if not 0 <= axis < len(shape) or shape[axis] != scales:
        message = f"{scales} scales along axis {stated} of shape {shape}"
        raise ValueError(message)
    return axis
