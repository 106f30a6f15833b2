"""Versions of TFLite operators: the lowest that covers the types and options in use.

Interpreters refuse a version they do not know, so a file should ask for no more than it needs.
Source: TensorFlow's registration tables and op_version as of 2.14.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgec.ir import DType, TensorType

# operator: version for int8, version for int16; float32 is version 1 everywhere
_QUANTIZED: dict[str, tuple[int, int]] = {
    "ABS": (2, 3),
    "ADD": (2, 3),
    "ARG_MAX": (2, 2),
    "ARG_MIN": (2, 2),
    "AVERAGE_POOL_2D": (2, 3),
    "BATCH_MATMUL": (2, 3),
    "CONCATENATION": (2, 3),
    "CONV_2D": (3, 4),
    "DEPTHWISE_CONV_2D": (3, 5),
    "DEQUANTIZE": (2, 3),
    "EXP": (2, 2),
    "FULLY_CONNECTED": (4, 7),
    "GATHER": (2, 4),
    "GELU": (2, 2),
    "L2_NORMALIZATION": (2, 2),
    "LEAKY_RELU": (2, 2),
    "LOGISTIC": (2, 3),
    "LOG_SOFTMAX": (2, 2),
    "MAXIMUM": (2, 4),
    "MAX_POOL_2D": (2, 3),
    "MEAN": (2, 3),
    "MINIMUM": (2, 4),
    "MUL": (2, 4),
    "PAD": (2, 3),
    "PADV2": (2, 3),
    "QUANTIZE": (2, 2),
    "REDUCE_MAX": (2, 3),
    "REDUCE_MIN": (2, 3),
    "RELU": (2, 3),
    "RELU6": (2, 3),
    "RESIZE_BILINEAR": (2, 4),
    "RESIZE_NEAREST_NEIGHBOR": (2, 4),
    "RSQRT": (2, 2),
    "SLICE": (2, 4),
    "SOFTMAX": (2, 3),
    "SPLIT": (2, 4),
    "SQUARED_DIFFERENCE": (2, 2),
    "STRIDED_SLICE": (2, 4),
    "SUB": (3, 5),
    "SUM": (2, 3),
    "SVDF": (3, 3),
    "TANH": (2, 3),
    "TRANSPOSE": (2, 5),
    "TRANSPOSE_CONV": (2, 2),
    "UNPACK": (2, 3),
}
_RANK_4 = 4
Asked = Callable[[Sequence[TensorType], Mapping[str, Any]], bool]


def operator_version(code: str, inputs: Sequence[TensorType], options: Mapping[str, Any]) -> int:
    """Return the version of operator ``code`` for the types it reads and the options it has."""
    asked = [
        version
        for operator, version, is_asked in _BY_OPTION
        if operator == code and is_asked(inputs, options)
    ]
    return max([_by_type(code, inputs), *asked])


def _by_type(code: str, inputs: Sequence[TensorType]) -> int:
    int8, int16 = _QUANTIZED.get(code, (1, 1))
    kinds = {kind.dtype for kind in inputs}
    if DType.INT16 in kinds:
        return int16
    return int8 if DType.INT8 in kinds else 1


def _is_dilated(inputs: Sequence[TensorType], options: Mapping[str, Any]) -> bool:
    factors = (int(options.get(f"Dilation{axis}Factor", 1)) for axis in "HW")
    return max(factors) > 1


def _is_large(inputs: Sequence[TensorType], options: Mapping[str, Any]) -> bool:
    return inputs[0].rank > _RANK_4


def _any_of(*names: str) -> Asked:
    """Return a test whether one of the options is on."""
    return lambda _, options: any(options.get(name) for name in names)


def _reads(count: int) -> Asked:
    """Return a test for the number of inputs."""
    return lambda inputs, _: len(inputs) == count


# operator, lowest version, and what asks for it
_BY_OPTION: Sequence[tuple[str, int, Asked]] = (
    ("DEPTHWISE_CONV_2D", 2, _is_dilated),
    ("FULLY_CONNECTED", 5, _any_of("KeepNumDims")),
    ("FULLY_CONNECTED", 6, _reads(2)),  # no bias
    ("RESIZE_BILINEAR", 3, _any_of("HalfPixelCenters")),
    ("RESIZE_NEAREST_NEIGHBOR", 3, _any_of("HalfPixelCenters", "AlignCorners")),
    ("SLICE", 5, _is_large),
    ("STRIDED_SLICE", 4, _is_large),
    ("TRANSPOSE", 4, _is_large),
    ("TRANSPOSE_CONV", 3, _reads(4)),  # a bias
)
