"""What of a TFLite model cannot be imported, and what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from edgec.errors import EdgecError, Place
from edgec.frontends.tflite.operand_types import (
    TAKE_ZERO_POINTS,
    misplaced_scales,
    mixed_types,
    odd_zero_points,
)
from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.ir import DType
from edgec.ops.registry import IMPORTERS, Format
from edgec.ops.tflite_operators import tflite_operator

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
    "LSTM": _RECURRENT_HELP,
    "RNN": _RECURRENT_HELP,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _RECURRENT_HELP,
    "BIDIRECTIONAL_SEQUENCE_LSTM": "use tf.keras.layers.Bidirectional around an LSTM, which "
    "becomes two UNIDIRECTIONAL_SEQUENCE_LSTM",
    "WHILE": _RECURRENT_HELP,
    "L2_POOL_2D": "use average or max pooling",
}

_COMBINATIONS = (
    ("unsupported-tensor", mixed_types),
    ("unsupported-quantization", misplaced_scales),
    ("unsupported-quantization", odd_zero_points),
)


class OperatorChecks:
    """Finds what keeps single operators from being imported; names each bad tensor once."""

    def __init__(self, model: FileModel) -> None:
        self._model = model
        self._seen: set[int] = set()
        self._made = {each for operator in model.operators for each in operator.outputs}

    def problems(self, operator: FileOperator, place: Place) -> list[EdgecError]:
        """Return ``unsupported-operator``, ``-tensor`` and ``-quantization`` of one operator."""
        if (Format.TFLITE, operator.op) not in IMPORTERS:
            return [_unsupported(self._model, operator, place)]
        read = [each for each in operator.inputs if each is not None]
        tensors = [*self._tensor_problems(operator.op, [*read, *operator.outputs], place)]
        return tensors or [*self._combinations(operator, place)]

    def ends(self, place: Place) -> list[EdgecError]:
        """Return the problems of inputs and outputs that no operator has shown yet."""
        numbers = [*self._model.inputs, *self._model.outputs]
        return [*self._tensor_problems("the model", numbers, place)]

    def _tensor_problems(
        self, user: str, numbers: Sequence[int], place: Place
    ) -> Iterator[EdgecError]:
        for number in numbers:
            if number in self._seen:
                continue
            self._seen.add(number)
            tensor = self._model.tensors[number]
            kept = tensor.variable and number not in self._made
            shape = tensor.shape
            if number not in self._model.inputs:  # a part of no elements is legal
                shape = tuple(extent or 1 for extent in shape)
            problem = _problem(user, replace(tensor, variable=kept, shape=shape))
            if problem is not None:
                code, message, advice = problem
                where = Place(place.file, f"tensor {tensor.name!r}")
                yield EdgecError(code, message, place=where, help=advice)

    def _combinations(self, operator: FileOperator, place: Place) -> Iterator[EdgecError]:
        for code, check in _COMBINATIONS:
            message = check(self._model, operator)
            if message:
                yield EdgecError(code, message, place=place, help=_INT8_HELP)


def _unsupported(model: FileModel, operator: FileOperator, place: Place) -> EdgecError:
    advice = _HINTS.get(operator.op, "replace it by operators that `edgec ops` lists")
    if operator.op.startswith("CUSTOM"):
        advice = "convert without custom operators (allow_custom_ops, SELECT_TF_OPS)"
    made = model.tensors[operator.outputs[0]].name
    return EdgecError(
        "unsupported-operator",
        f"{operator.op} (makes {made!r}) is not supported",
        place=place,
        help=advice,
    )


def _problem(user: str, tensor: FileTensor) -> tuple[str, str, str] | None:
    """Return code, message and advice for what ``user``, an operator, cannot do with a tensor."""
    what = f"{user} uses {tensor.name!r}"
    if 0 in tensor.shape:
        message = f"{what}, which has no elements: its shape is {tensor.shape}"
        return "malformed-model", message, "give the model's inputs a fixed shape"
    feature = _odd_feature(user, tensor)
    if feature:
        return "unsupported-tensor", f"{what}, which is {feature}", _INT8_HELP
    if tensor.dtype is None:
        return "unsupported-tensor", f"{what} of type {tensor.type_name.lower()}", _INT8_HELP
    if tensor.dtype is DType.UINT8 and not tflite_operator(user).integers:
        message = f"{what}, which is uint8: the scheme before int8"
        return "unsupported-quantization", message, _INT8_HELP
    oddity = _odd_quantization(user, tensor) if tensor.dtype in {*_QUANTIZED, DType.UINT8} else ""
    if oddity:
        message = f"{what}, which is {tensor.dtype.value} with {oddity}"
        return "unsupported-quantization", message, _INT8_HELP
    return None


def _odd_feature(user: str, tensor: FileTensor) -> str:
    """Return a feature of the file format that an operator does not know, or nothing."""
    if tensor.variable and not tflite_operator(user).has_states:
        return "a variable that keeps its value between runs"
    return tensor.oddity


def _odd_quantization(user: str, tensor: FileTensor) -> str:
    """Return what no kernel can do with the quantization of an integer tensor, or nothing."""
    if tensor.qparams is None:
        return "no scale"
    if not _sane_scales(tensor):
        return f"scale {min(tensor.qparams.scales)}"
    if user in TAKE_ZERO_POINTS:
        return ""  # where they take them: odd_zero_points
    if tensor.dtype is DType.INT16 and any(tensor.qparams.zero_points):
        return f"zero point {tensor.qparams.zero_points[0]}, but int16 is symmetric"
    return ""


def _sane_scales(tensor: FileTensor) -> bool:
    """Activations need a scale that can be divided by; all-zero weight channels may have 0."""
    q = tensor.qparams
    if q is None or max(q.scales) > _LARGEST_SCALE:
        return False
    return tensor.data is not None or min(q.scales) >= _SMALLEST_SCALE
