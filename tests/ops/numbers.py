"""Types of plain numbers for cases."""

from collections.abc import Sequence

from edgec.ir import DType, TensorType


def number(shape: Sequence[int]) -> TensorType:
    """Return the type of int32 numbers."""
    return TensorType(tuple(shape), DType.INT32)


def boolean(shape: Sequence[int]) -> TensorType:
    """Return the type of truth values."""
    return TensorType(tuple(shape), DType.BOOL)
