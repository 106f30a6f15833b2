"""Tensors that are zero whatever the input, whose scale says nothing: they become constants.

A recurrent layer that is unrolled begins with a state of zeros. The converter (TensorFlow 2.21,
16x8) gives them, and what is multiplied out of them, scale 0 or one of the smallest floats,
3.6e-43. TFLite multiplies zeros by whatever comes of that: another scale gives the same numbers.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.ir import DType, QParams

SMALLEST_SCALE = 1e-20
"""Of activations: products and ratios stay finite. Smaller ones are only zeros'."""

_LAYERS = {"BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
_MOVES = {
    *{"EXPAND_DIMS", "GATHER", "PAD", "RELU", "RELU6", "RESHAPE", "SLICE", "SPLIT", "SPLIT_V"},
    *{"SQUEEZE", "STRIDED_SLICE", "TILE", "TRANSPOSE", "UNPACK"},
}
_DATA = {"SPLIT": 1}  # where an operator's data is, if not in front
_BIAS = 2


def with_known_zeros(model: FileModel) -> FileModel:
    """Return the model with constants for int16 zeros whose scale no kernel could divide by."""
    tensors, operators = list(model.tensors), list[FileOperator]()
    zeros = {number for number, each in enumerate(tensors) if _is_zero_constant(each)}
    for operator in model.operators:
        if not _makes_zeros(operator, zeros):
            operators.append(operator)
            continue
        zeros.update(operator.outputs)
        made = [tensors[each] for each in operator.outputs]
        if not all(_has_no_scale(each) for each in made):
            operators.append(operator)
            continue
        for number, tensor in zip(operator.outputs, made, strict=True):
            tensors[number] = replace(
                tensor,
                data=np.zeros(tensor.shape, np.int16),
                qparams=QParams.per_tensor(SMALLEST_SCALE, 0),
            )
    if len(operators) == len(model.operators):
        return model
    return replace(model, tensors=tuple(tensors), operators=tuple(operators))


def _is_zero_constant(tensor: FileTensor) -> bool:
    """Tell of integers without zero point: weights and values of 16x8 models, biases."""
    if tensor.data is None or tensor.variable or tensor.dtype is None:
        return False
    q = tensor.qparams
    return not (q is not None and any(q.zero_points)) and not tensor.data.any()


def _has_no_scale(tensor: FileTensor) -> bool:
    q = tensor.qparams
    return (
        tensor.dtype is DType.INT16
        and q is not None
        and len(q.scales) == 1
        and not any(q.zero_points)
        and q.scale < SMALLEST_SCALE
    )


def _makes_zeros(operator: FileOperator, zeros: Collection[int]) -> bool:
    """Tell whether all that an operator makes is zero, because of what it reads."""
    read = operator.inputs
    if operator.op == "FILL":
        return read[1] in zeros
    if operator.op == "MUL":
        return any(each in zeros for each in read)
    if operator.op in {"ADD", "SUB", "CONCATENATION", "PACK"}:
        return all(each in zeros for each in read)
    if operator.op in _LAYERS:
        bias = read[_BIAS] if len(read) > _BIAS else None
        return read[0] in zeros and (bias is None or bias in zeros)
    return operator.op in _MOVES and read[_DATA.get(operator.op, 0)] in zeros
