"""Which types and scales may meet in one TFLite operator, as TFLite's own kernels demand it."""

from collections.abc import Sequence

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.frontends.tflite.unsigned import SHIFTED_WEIGHTS
from edgec.ir import DType
from edgec.ops.registry import NUMBER_IMPORTERS, Format
from edgec.ops.tflite_operators import TfliteOperator, Types, Weights, tflite_operator

_NUMBERS = {DType.INT32, DType.INT64, DType.BOOL}
_COMPUTED = {DType.FLOAT32, DType.INT8, DType.INT16}
_WEIGHT_TYPES = {  # activation: weights, and what a bias may be
    DType.FLOAT32: ({DType.FLOAT32}, {DType.FLOAT32}),
    DType.INT8: ({DType.INT8}, {DType.INT32}),
    DType.INT16: ({DType.INT8}, {DType.INT32, DType.INT64}),
}
_INTEGERS = {DType.INT8, DType.UINT8, DType.INT16, DType.INT32}
_QUANTIZED_TO = {  # what QUANTIZE reads: what it makes; int8 to int16 is newer than TFLite 2.14
    DType.FLOAT32: {DType.INT8, DType.UINT8, DType.INT16},
    DType.INT8: {DType.INT8, DType.UINT8, DType.INT16},
    DType.UINT8: {DType.INT8, DType.UINT8},
    DType.INT16: {DType.INT8, DType.INT16, DType.INT32},
    DType.INT32: {DType.INT8, DType.INT16},
}


def mixed_types(model: FileModel, operator: FileOperator) -> str:
    """Return what is wrong with the types of an operator's inputs, nothing where they fit."""
    says = tflite_operator(operator.op)
    if says.integers:
        return _no_integers(model, operator, says.integers)
    inputs = _operands(model, operator, says)
    if not inputs or says.types is Types.OWN:
        return ""
    plain = inputs[0].dtype in _NUMBERS and inputs[0].qparams is None
    numbers = plain and (Format.TFLITE, operator.op) in NUMBER_IMPORTERS
    if says.types is Types.COMPUTED and inputs[0].dtype not in _COMPUTED and not numbers:
        return f"{operator.op} computes in {inputs[0].type_name.lower()} ({inputs[0].name!r})"
    wrong = _odd_ones(says, inputs)
    if not wrong:
        return ""
    return f"{operator.op} takes {_shown(inputs[0])} with {', '.join(map(_shown, wrong))}"


def _no_integers(model: FileModel, operator: FileOperator, side: str) -> str:
    """Return what is wrong with the types of a conversion, one end of which is integers."""
    read = [model.tensors[each] for each in operator.inputs if each is not None]
    made = [model.tensors[each] for each in operator.outputs]
    if side == "inputs":
        wrong = [each for each in read if each.dtype not in _INTEGERS]
        return f"{operator.op} has {', '.join(map(_shown, wrong))}" if wrong else ""
    kinds = {kind for each in read for kind in _QUANTIZED_TO.get(each.dtype or DType.BOOL, ())}
    wrong = [each for each in made if each.dtype not in kinds]
    shown = ", ".join(map(_shown, wrong))
    return f"{operator.op} makes {shown} of {', '.join(map(_shown, read))}" if wrong else ""


def _operands(model: FileModel, operator: FileOperator, says: TfliteOperator) -> list[FileTensor]:
    """Return the inputs of an operator, data first."""
    order = says.weights.order if says.weights else range(len(operator.inputs))
    numbers = [operator.inputs[place] for place in order if place < len(operator.inputs)]
    return [model.tensors[each] for each in numbers if each is not None]


def misplaced_scales(model: FileModel, operator: FileOperator) -> str:
    """Return which tensor has one scale per channel where one in all is needed, or too few."""
    for position, number in enumerate((*operator.inputs, *operator.outputs)):
        tensor = None if number is None else model.tensors[number]
        if tensor is None or tensor.qparams is None or len(tensor.qparams.scales) == 1:
            continue
        scales = len(tensor.qparams.scales)
        layer = tflite_operator(operator.op).weights
        if layer is None or not 1 <= position < len(operator.inputs):
            return f"{operator.op} takes {tensor.name!r} with {scales} scales instead of one"
        weights = operator.inputs[1]
        channels = None if weights is None else _channels(layer, model.tensors[weights])
        if scales != channels:
            return f"{operator.op} has {channels} channels, but {tensor.name!r} {scales} scales"
    return ""


TAKE_ZERO_POINTS = frozenset({"SOFTMAX", "QUANTIZE"})
"""Operators that make or read int16 with a zero point, as :func:`odd_zero_points` has it."""


def odd_zero_points(model: FileModel, operator: FileOperator) -> str:
    """Return which int16 tensor has a zero point where none may be.

    A softmax of int8 makes one, and QUANTIZE brings it to int32.
    """
    read = [model.tensors[each] for each in operator.inputs if each is not None]
    made = [model.tensors[each] for each in operator.outputs]
    types = [each.dtype for each in (*read, *made)]
    may_have: list[int] = []
    if operator.op == "SOFTMAX" and types == [DType.INT8, DType.INT16]:
        may_have = [id(each) for each in made]
    if operator.op == "QUANTIZE" and types == [DType.INT16, DType.INT32]:
        may_have = [id(each) for each in read]
    for tensor in (*read, *made):
        if _has_zero_point(tensor) and id(tensor) not in may_have:
            return f"{operator.op} takes {_shown(tensor)} with a zero point, but int16 is symmetric"
    return ""


def _has_zero_point(tensor: FileTensor) -> bool:
    q = tensor.qparams
    return tensor.dtype is DType.INT16 and q is not None and any(q.zero_points)


def shifted_weights(model: FileModel, operator: FileOperator) -> str:
    """Return what is wrong with weights that have a zero point: few layers of old models may."""
    layer = tflite_operator(operator.op).weights
    number = operator.inputs[1] if layer and len(operator.inputs) > 1 else None
    q = None if number is None else model.tensors[number].qparams
    allowed = operator.unsigned and operator.op in SHIFTED_WEIGHTS
    allowed = allowed or operator.op == "FULLY_CONNECTED"  # whose importer takes off what it can
    if q is None or not any(q.zero_points) or allowed:
        return ""
    zero = next(each for each in q.zero_points if each)
    return f"{operator.op} has weights with zero point {zero}, where 0 is needed"


def _channels(layer: Weights, weights: FileTensor) -> int | None:
    return weights.shape[layer.channel_axis] if weights.shape else None


def _odd_ones(says: TfliteOperator, inputs: Sequence[FileTensor]) -> list[FileTensor]:
    """Return the inputs whose type does not go with that of the first."""
    first, *others = inputs
    if says.alike:
        return [each for each in others if each.dtype is not first.dtype]
    if says.weights is not None and first.dtype in _WEIGHT_TYPES:
        allowed = _WEIGHT_TYPES[first.dtype]
        pairs = zip(others, allowed, strict=False)
        return [each for each, types in pairs if each.dtype not in types]
    return []


def _shown(tensor: FileTensor) -> str:
    return f"{tensor.type_name.lower()} {tensor.name!r}"
