"""Integer and half-precision constants of float TFLite models, as the float32 numbers they mean.

Converters store the weights of float models small: as float16 or int8 with a DEQUANTIZE behind
them, or (dynamic-range quantization) as int8 weights that an operator on floats reads directly. To
edgec all of these are float models, which it quantizes itself.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.ir import Array, DType, TensorType
from edgec.ops.conversion.dequantize import dequantized

_HALF = "FLOAT16"
_STORED = {DType.INT8, DType.UINT8, DType.INT16}


def with_float_constants(model: FileModel) -> FileModel:
    """Return the model with float32 constants wherever it computes in floats with others."""
    changed = {number: each for number, each in _changes(model) if each is not None}
    tensors = [changed.get(number, each) for number, each in enumerate(model.tensors)]
    gone = {number for number, each in changed.items() if model.tensors[number].data is None}
    operators = tuple(each for each in model.operators if not gone.intersection(each.outputs))
    return replace(model, tensors=tuple(tensors), operators=operators) if changed else model


def _changes(model: FileModel) -> Iterator[tuple[int, FileTensor | None]]:
    """Yield tensors that become float constants; None for those that cannot."""
    for number, tensor in enumerate(model.tensors):
        if tensor.data is not None and (tensor.type_name == _HALF or _is_hybrid(model, number)):
            yield number, _constant(tensor, tensor)
    for operator in model.operators:
        if operator.op in {"CAST", "DEQUANTIZE"} and operator.inputs and operator.outputs:
            source, result = operator.inputs[0], operator.outputs[0]
            if source is not None and _is_stored(model, operator.op, source, result):
                yield result, _constant(model.tensors[result], model.tensors[source])


def _is_stored(model: FileModel, op: str, source: int, result: int) -> bool:
    """Tell whether an operator makes float32 of a constant: CAST of half precision only."""
    kinds = (model.tensors[source].type_name, model.tensors[result].type_name)
    known = model.tensors[source].data is not None
    return known and (op == "DEQUANTIZE" or kinds == (_HALF, "FLOAT32"))


def _is_hybrid(model: FileModel, number: int) -> bool:
    """Tell whether a stored constant is read by operators on floats only, as their weights."""
    readers = [each for each in model.operators if number in each.inputs]
    stored = model.tensors[number].dtype in _STORED and model.tensors[number].qparams is not None
    return stored and bool(readers) and all(_computes_in_floats(model, each) for each in readers)


def _computes_in_floats(model: FileModel, operator: FileOperator) -> bool:
    ends = chain(operator.inputs, operator.outputs)
    tensors = [model.tensors[each] for each in ends if each is not None]
    computed = [each for each in tensors if each.data is None]
    return bool(computed) and all(each.dtype is DType.FLOAT32 for each in computed)


def _constant(tensor: FileTensor, source: FileTensor) -> FileTensor | None:
    """Return ``tensor`` as the constant that ``source`` stands for."""
    data = _numbers(source)
    if data is None or data.shape != tensor.shape:
        return None
    return replace(tensor, type_name="FLOAT32", dtype=DType.FLOAT32, qparams=None, data=data)


def _numbers(source: FileTensor) -> Array | None:
    if source.data is None or source.oddity:
        return None
    if source.type_name == _HALF:
        return _halves(source.data, source.shape)
    if source.dtype is None or source.qparams is None:
        return source.data if source.dtype is DType.FLOAT32 else None
    return dequantized(source.data, TensorType(source.shape, source.dtype, source.qparams))


def _halves(data: Array, shape: tuple[int, ...]) -> Array | None:
    """Return raw little-endian float16 bytes as float32; None where they do not fit the shape."""
    if data.size != 2 * np.prod(shape, dtype=np.int64):
        return None
    return data.view("<f2").astype(np.float32).reshape(shape)
