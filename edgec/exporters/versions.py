"""Versions of TFLite operators: the lowest that covers the types and options in use."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgec.ir import DType, TensorType
from edgec.ops.tflite_operators import TfliteOperator, tflite_operator


def operator_version(code: str, inputs: Sequence[TensorType], options: Mapping[str, Any]) -> int:
    """Return the version of operator ``code`` for the types it reads and the options it has."""
    says = tflite_operator(code)
    asked = [version for version, is_asked in says.since if is_asked(inputs, options)]
    return max([_by_type(says, inputs), *asked])


def _by_type(says: TfliteOperator, inputs: Sequence[TensorType]) -> int:
    kinds = {kind.dtype for kind in inputs}
    if DType.INT16 in kinds:
        return says.int16
    return says.int8 if DType.INT8 in kinds else 1
