"""Which types and scales may meet in one TFLite operator, as TFLite's own kernels demand it."""

from collections.abc import Sequence

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.ir import DType

_COMPUTED = {DType.FLOAT32, DType.INT8, DType.INT16}
_CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": -1, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
_WEIGHTED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"}
_OPERANDS = {"TRANSPOSE_CONV": (2, 1, 3)}  # where data, weights and bias are, if not in this order
_OWN_TYPES = {"SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"}  # its importer checks them
_WEIGHT_TYPES = {  # activation: weights, and what a bias may be
    DType.FLOAT32: ({DType.FLOAT32}, {DType.FLOAT32}),
    DType.INT8: ({DType.INT8}, {DType.INT32}),
    DType.INT16: ({DType.INT8}, {DType.INT32, DType.INT64}),
}
_INTEGERS = {DType.INT8, DType.UINT8, DType.INT16}
_QUANTIZED_END = {"QUANTIZE": _INTEGERS, "DEQUANTIZE": _INTEGERS}
_ELEMENTWISE = {"ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "CONCATENATION"}
_ANY_TYPE = {  # moves or converts elements
    "BROADCAST_TO",
    "CAST",
    "CONCATENATION",
    "DEPTH_TO_SPACE",
    "EXPAND_DIMS",
    "GATHER",
    "GATHER_ND",
    "PACK",
    "PAD",
    "PADV2",
    "RESHAPE",
    "REVERSE_V2",
    "SHAPE",
    "SLICE",
    "SPACE_TO_DEPTH",
    "SPLIT",
    "SPLIT_V",
    "SQUEEZE",
    "STRIDED_SLICE",
    "TILE",
    "TRANSPOSE",
    "UNPACK",
}


def mixed_types(model: FileModel, operator: FileOperator) -> str:
    """Return what is wrong with the types of an operator's inputs, nothing where they fit."""
    if operator.op in _OWN_TYPES:
        return ""
    inputs = _operands(model, operator)
    if operator.op in _QUANTIZED_END:
        ends = operator.inputs if operator.op == "DEQUANTIZE" else operator.outputs
        tensors = [model.tensors[each] for each in ends if each is not None]
        wrong = [each for each in tensors if each.dtype not in _QUANTIZED_END[operator.op]]
        return f"{operator.op} has {', '.join(map(_shown, wrong))}" if wrong else ""
    if not inputs or operator.op in _ANY_TYPE - _ELEMENTWISE:
        return ""
    if operator.op not in _ANY_TYPE and inputs[0].dtype not in _COMPUTED:
        return f"{operator.op} computes in {inputs[0].type_name.lower()} ({inputs[0].name!r})"
    wrong = _odd_ones(operator.op, inputs)
    if not wrong:
        return ""
    return f"{operator.op} takes {_shown(inputs[0])} with {', '.join(map(_shown, wrong))}"


def _operands(model: FileModel, operator: FileOperator) -> list[FileTensor]:
    """Return the inputs of an operator, data first."""
    order = _OPERANDS.get(operator.op, range(len(operator.inputs)))
    numbers = [operator.inputs[place] for place in order if place < len(operator.inputs)]
    return [model.tensors[each] for each in numbers if each is not None]


def misplaced_scales(model: FileModel, operator: FileOperator) -> str:
    """Return which tensor has one scale per channel where one in all is needed, or too few."""
    for position, number in enumerate((*operator.inputs, *operator.outputs)):
        tensor = None if number is None else model.tensors[number]
        if tensor is None or tensor.qparams is None or len(tensor.qparams.scales) == 1:
            continue
        scales = len(tensor.qparams.scales)
        if operator.op not in _CHANNEL_AXIS or not 1 <= position < len(operator.inputs):
            return f"{operator.op} takes {tensor.name!r} with {scales} scales instead of one"
        weights = operator.inputs[1]
        channels = None if weights is None else _channels(operator.op, model.tensors[weights])
        if scales != channels:
            return f"{operator.op} has {channels} channels, but {tensor.name!r} {scales} scales"
    return ""


def _channels(op: str, weights: FileTensor) -> int | None:
    return weights.shape[_CHANNEL_AXIS[op]] if weights.shape else None


def _odd_ones(op: str, inputs: Sequence[FileTensor]) -> list[FileTensor]:
    """Return the inputs whose type does not go with that of the first."""
    first, *others = inputs
    if op in _ELEMENTWISE:
        return [each for each in others if each.dtype is not first.dtype]
    if op in _WEIGHTED and first.dtype in _WEIGHT_TYPES:
        allowed = _WEIGHT_TYPES[first.dtype]
        pairs = zip(others, allowed, strict=False)
        return [each for each, types in pairs if each.dtype not in types]
    return []


def _shown(tensor: FileTensor) -> str:
    return f"{tensor.type_name.lower()} {tensor.name!r}"
