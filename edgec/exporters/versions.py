"""Versions of TFLite operators: the lowest that covers the types and options in use.

Interpreters refuse a version they do not know, so a file should ask for no more than it needs.
Source: TensorFlow's registration tables and op_version as of 2.14.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from edgec.ir import DType, TensorType

# operator: version for int8, version for int16; float32 is version 1 everywhere
_QUANTIZED: dict[str, tuple[int, int]] = {
    "ADD": (2, 3),
    "AVERAGE_POOL_2D": (2, 3),
    "CONCATENATION": (2, 3),
    "CONV_2D": (3, 4),
    "DEPTHWISE_CONV_2D": (3, 5),
    "DEQUANTIZE": (2, 3),
    "FULLY_CONNECTED": (4, 7),
    "LEAKY_RELU": (2, 2),
    "LOGISTIC": (2, 3),
    "MAXIMUM": (2, 4),
    "MAX_POOL_2D": (2, 3),
    "MEAN": (2, 3),
    "MINIMUM": (2, 4),
    "MUL": (2, 4),
    "PAD": (2, 3),
    "PADV2": (2, 3),
    "QUANTIZE": (2, 3),
    "RELU": (2, 3),
    "RELU6": (2, 3),
    "RESIZE_BILINEAR": (2, 4),
    "RESIZE_NEAREST_NEIGHBOR": (2, 4),
    "SLICE": (2, 4),
    "SOFTMAX": (2, 3),
    "SPLIT": (2, 4),
    "STRIDED_SLICE": (2, 4),
    "SUB": (3, 5),
    "SUM": (2, 3),
    "TANH": (2, 3),
    "TRANSPOSE": (2, 5),
    "TRANSPOSE_CONV": (2, 4),
    "UNPACK": (2, 3),
}
_RANK_4 = 4


def operator_version(code: str, inputs: Sequence[TensorType], options: Mapping[str, Any]) -> int:
    """Return the version of operator ``code`` for the types it reads and the options it has."""
    version = _by_type(code, inputs)
    if code == "FULLY_CONNECTED":
        if options.get("KeepNumDims"):
            version = max(version, 5)
        if len(inputs) == 2:  # noqa: PLR2004 - no bias
            version = max(version, 6)
    if code == "DEPTHWISE_CONV_2D" and _is_dilated(options):
        version = max(version, 2)
    if code == "TRANSPOSE" and inputs[0].rank > _RANK_4:
        version = max(version, 4)
    return version


def _by_type(code: str, inputs: Sequence[TensorType]) -> int:
    int8, int16 = _QUANTIZED.get(code, (1, 1))
    kinds = {kind.dtype for kind in inputs}
    if DType.INT16 in kinds:
        return int16
    return int8 if DType.INT8 in kinds else 1


def _is_dilated(options: Mapping[str, Any]) -> bool:
    factors = (int(options.get(f"Dilation{axis}Factor", 1)) for axis in "HW")
    return max(factors) > 1
