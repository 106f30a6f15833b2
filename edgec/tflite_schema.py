"""What reader and writer of .tflite files share: the names and numbers of the schema."""

from typing import Any

import tflite

from edgec.ir import DType

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
LAST_DEPRECATED_CODE = 127  # operators from 128 on are in the int32 field only

TENSOR_TYPES: dict[int, DType] = {getattr(tflite.TensorType, d.name): d for d in DType}

ENUM_FIELDS: dict[str, Any] = {
    "FusedActivationFunction": tflite.ActivationFunctionType,
    "InDataType": tflite.TensorType,
    "KernelType": tflite.LSTMKernelType,
    "Mode": tflite.MirrorPadMode,
    "OutDataType": tflite.TensorType,
    "OutType": tflite.TensorType,
    "OutputType": tflite.TensorType,
    "Padding": tflite.Padding,
    "QuantizedBiasType": tflite.TensorType,
    "WeightsFormat": tflite.FullyConnectedOptionsWeightsFormat,
}


def names_of(enum: Any) -> dict[int, str]:
    """Return number -> name of a generated enum class."""
    return {value: name for name, value in vars(enum).items() if not name.startswith("_")}


OPERATOR_NAMES = names_of(tflite.BuiltinOperator)
OPTIONS_NAMES = names_of(tflite.BuiltinOptions)
TYPE_NAMES = names_of(tflite.TensorType)
