"""What a TFLite model computes in: int8 is compiled; float, hybrid and uint8 get advice."""

from collections.abc import Iterator

from edgec.errors import EdgecError, Place
from edgec.frontends.tflite_reader import FileModel, FileOperator, FileTensor
from edgec.frontends.tflite_types import mixed_types
from edgec.ir import DType
from edgec.ops.registry import SourceNode

_CONVERTERS = {"QUANTIZE", "DEQUANTIZE"}
_QUANTIZED = {DType.INT8, DType.INT16}
_SMALLEST_SCALE, _LARGEST_SCALE = 1e-20, 1e20  # products and ratios stay finite
_INT8_HELP = (
    "convert with full integer quantization (converter.optimizations, representative_dataset, "
    "supported_ops = [TFLITE_BUILTINS_INT8]), or give the ONNX file and --calib"
)
_SHAPES_HELP = (
    "convert with a fixed batch size of 1, so that the converter computes shapes itself: "
    "tf.keras.Input(shape, batch_size=1)"
)
_RECURRENT_HELP = "convert with the recurrent layer unrolled (Keras: unroll=True)"
_HINTS = {
    "SHAPE": _SHAPES_HELP,
    "STRIDED_SLICE": _SHAPES_HELP,
    "PACK": _SHAPES_HELP,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _RECURRENT_HELP,
    "LSTM": _RECURRENT_HELP,
    "WHILE": _RECURRENT_HELP,
    "PRELU": "use LeakyReLU or ReLU",
    "ELU": "use LeakyReLU or ReLU",
    "GELU": "use HARD_SWISH or RELU",
    "L2_POOL_2D": "use average or max pooling",
    "L2_NORMALIZATION": "leave the normalization to the application",
    "ARG_MAX": "end the model before it and take the largest output in the application",
}


def unsupported_operator(node: SourceNode) -> EdgecError:
    """Return the error for an operator without importer, with the nearest thing to do."""
    advice = _HINTS.get(node.op, "replace it by operators that `edgec ops` lists")
    if node.op.startswith("CUSTOM"):
        advice = "convert without custom operators (allow_custom_ops, SELECT_TF_OPS)"
    return EdgecError(
        "unsupported-operator",
        f"{node.op} (makes {node.outputs[0]!r}) is not supported",
        place=node.place,
        help=advice,
    )


def check_numbers(model: FileModel, place: Place) -> list[EdgecError]:
    """Return why the number formats of a model cannot be compiled; nothing where they can.

    A float or hybrid model is one error; other problems are listed tensor by tensor.
    """
    for check in (_hybrid, _float_model):
        error = check(model, place)
        if error is not None:
            return [error]
    return [*_tensor_problems(model, place), *_mixed_types(model, place)]


def _hybrid(model: FileModel, place: Place) -> EdgecError | None:
    offenders = [each for each in model.operators if _is_hybrid(model, each)]
    if not offenders:
        return None
    first = model.tensors[offenders[0].outputs[0]].name
    return EdgecError(
        "hybrid-model",
        f"{len(offenders)} operators compute in float with weights stored as integers "
        f"(the first: {offenders[0].op} {first!r})",
        place=place,
        help=_INT8_HELP,
    )


def _is_hybrid(model: FileModel, operator: FileOperator) -> bool:
    """Float in, integer weights; or weights that an operator of their own dequantizes."""
    tensors = [model.tensors[each] for each in operator.inputs if each is not None]
    if not tensors:
        return False
    first = tensors[0]
    if operator.op == "DEQUANTIZE":
        return first.data is not None and first.dtype in _QUANTIZED
    if operator.op in _CONVERTERS or first.dtype is not DType.FLOAT32:
        return False
    return any(each.data is not None and each.dtype in _QUANTIZED for each in tensors[1:])


def _float_model(model: FileModel, place: Place) -> EdgecError | None:
    used = [tensor for op in model.operators for tensor in _tensors(model, op)]
    kinds = {each.type_name for each in used}
    if not kinds & {"FLOAT32", "FLOAT16"} or kinds & {"INT8", "INT16", "UINT8"}:
        return None
    return EdgecError(
        "float-model",
        "the model computes in float; of TFLite, edgec reads int8 only, float comes later",
        place=place,
        help=_INT8_HELP,
    )


def _tensor_problems(model: FileModel, place: Place) -> Iterator[EdgecError]:
    seen: set[int] = set()
    for operator in model.operators:
        for number in (*operator.inputs, *operator.outputs):
            if number is None or number in seen:
                continue
            seen.add(number)
            tensor = model.tensors[number]
            computed = number in model.inputs or number in operator.outputs
            problem = _empty(tensor) if computed and 0 in tensor.shape else None
            problem = problem or _problem(operator, tensor)
            if problem is not None:
                code, message, advice = problem
                where = Place(place.file, f"tensor {tensor.name!r}")
                yield EdgecError(code, message, place=where, help=advice)


def _mixed_types(model: FileModel, place: Place) -> Iterator[EdgecError]:
    for index, operator in enumerate(model.operators):
        message = mixed_types(model, operator)
        if message:
            where = Place(place.file, f"node {index} ({operator.op})")
            yield EdgecError("unsupported-tensor", message, place=where, help=_INT8_HELP)


def _empty(tensor: FileTensor) -> tuple[str, str, str]:
    message = f"{tensor.name!r} has no elements: its shape is {tensor.shape}"
    return "malformed-model", message, "give the model's inputs a fixed shape"


def _problem(operator: FileOperator, tensor: FileTensor) -> tuple[str, str, str] | None:
    """Return code, message and advice for what an operator cannot do with a tensor."""
    what = f"{operator.op} uses {tensor.name!r}"
    if tensor.oddity:
        return "unsupported-tensor", f"{what}, which is {tensor.oddity}", _INT8_HELP
    if tensor.dtype is None:
        return "unsupported-tensor", f"{what} of type {tensor.type_name.lower()}", _INT8_HELP
    if tensor.dtype is DType.UINT8 and operator.op not in _CONVERTERS:
        message = f"{what}, which is uint8: the scheme before int8"
        return "unsupported-quantization", message, _INT8_HELP
    if tensor.dtype in _QUANTIZED and not _sane_scales(tensor):
        scales = "no scale" if tensor.qparams is None else f"scale {min(tensor.qparams.scales)}"
        message = f"{what}, which is {tensor.dtype.value} with {scales}"
        return "unsupported-quantization", message, _INT8_HELP
    return None


def _sane_scales(tensor: FileTensor) -> bool:
    """Activations need a scale that can be divided by; all-zero weight channels may have 0."""
    q = tensor.qparams
    if q is None or max(q.scales) > _LARGEST_SCALE:
        return False
    return tensor.data is not None or min(q.scales) >= _SMALLEST_SCALE


def _tensors(model: FileModel, operator: FileOperator) -> list[FileTensor]:
    numbers = (*operator.inputs, *operator.outputs)
    return [model.tensors[each] for each in numbers if each is not None]
