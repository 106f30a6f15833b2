"""What of a TFLite model cannot be imported, and what to do about it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from edgec.errors import EdgecError, Place
from edgec.frontends.tflite.known_zeros import SMALLEST_SCALE
from edgec.frontends.tflite.operand_types import (
    TAKE_ZERO_POINTS,
    misplaced_scales,
    mixed_types,
    odd_zero_points,
    shifted_weights,
)
from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.frontends.tflite.unsigned import SAME_BYTES
from edgec.ir import DType
from edgec.ops.tflite_operators import tflite_operator

Problem = tuple[EdgecError, str]
"""An error, and its kind: others of that kind are told of together with it."""

_MODEL = "the model"
_QUANTIZED = {DType.INT8, DType.INT16}
_LARGEST_SCALE = 1e20  # products and ratios stay finite, as with SMALLEST_SCALE
_INT8_HELP = (
    "convert with full integer quantization (converter.optimizations, representative_dataset, "
    "supported_ops = [TFLITE_BUILTINS_INT8]), or give the ONNX file and --calib"
)
_MASK_HELP = (
    "no step of such a scale tells real scores apart: mask with -100 instead of -inf or the lowest "
    "float and convert again, or give the float .tflite and --calib"
)
_FIXED_HELP = (
    "give the model's inputs a fixed shape, without an extent of 0: "
    "tf.keras.Input(shape, batch_size=1)"
)

_STATE_HELP = (
    "convert the model without streaming, or with its states as inputs and outputs, which "
    "--state in=out keeps between runs"
)
_SPECTRUM_HELP = "compute the spectrum in the application, and give its magnitudes to the model"
_TYPE_HELP = {
    "COMPLEX128": _SPECTRUM_HELP,
    "COMPLEX64": _SPECTRUM_HELP,
    "FLOAT16": "keep half precision to the weights: convert with inputs and outputs of float32",
    "FLOAT64": "train or convert the model in float32 (tf.keras.backend.set_floatx('float32'))",
    "RESOURCE": _STATE_HELP,
    "STRING": "do what works on texts in the application, and give the model numbers",
    "VARIANT": "convert the recurrent layer unrolled (Keras: unroll=True)",
}

_COMBINATIONS = (
    ("unsupported-tensor", mixed_types),
    ("unsupported-quantization", misplaced_scales),
    ("unsupported-quantization", odd_zero_points),
    ("unsupported-quantization", shifted_weights),
)


class OperatorChecks:
    """Finds what keeps single operators from being imported; names each bad tensor once."""

    def __init__(self, model: FileModel) -> None:
        self._model = model
        self._seen: set[int] = set()
        self._made = {each for operator in model.operators for each in operator.outputs}

    def problems(
        self, operator: FileOperator, place: Place, unknown: Collection[int]
    ) -> list[Problem]:
        """Return ``unsupported-tensor``, ``-quantization`` and ``-attribute`` of one operator.

        Nothing is said of tensors that are ``unknown``: the trouble is with what makes them. Where
        the operator cannot take these as they are, its outputs are nobody's fault either.
        """
        if operator.unsigned and operator.op not in SAME_BYTES:
            what = f"{operator.op} computes in uint8: the scheme before int8"
            return [
                (EdgecError("unsupported-quantization", what, place=place, help=_INT8_HELP), what)
            ]
        if operator.oddity:
            error = EdgecError(
                "unsupported-attribute",
                f"{operator.op}: {operator.oddity}",
                place=place,
                help="convert the model again",
            )
            return [(error, "")]
        read = [each for each in operator.inputs if each is not None]
        made = () if self.is_odd(operator, unknown) else operator.outputs
        numbers = [each for each in (*read, *made) if each not in unknown]
        return [*self._tensor_problems(operator.op, numbers, place)]

    def combinations(self, operator: FileOperator, place: Place) -> list[EdgecError]:
        """Return what is wrong with types and scales that meet in one operator."""
        found = [(code, check(self._model, operator)) for code, check in _COMBINATIONS]
        return [
            EdgecError(code, message, place=place, help=_INT8_HELP)
            for code, message in found
            if message
        ]

    def is_odd(self, operator: FileOperator, numbers: Iterable[int]) -> bool:
        """Tell whether an operator cannot take one of these tensors as the file states it."""
        return any(self._problem(operator.op, number) for number in numbers)

    def ends(self, place: Place, unknown: Collection[int]) -> list[Problem]:
        """Return the problems of inputs and outputs that no operator has shown yet."""
        ends = [*self._model.inputs, *self._model.outputs]
        numbers = [each for each in ends if each not in unknown]
        return [*self._tensor_problems(_MODEL, numbers, place)]

    def _tensor_problems(
        self, user: str, numbers: Sequence[int], place: Place
    ) -> Iterator[Problem]:
        for number in numbers:
            if number in self._seen:
                continue
            self._seen.add(number)
            problem = self._problem(user, number)
            if problem is not None:
                code, what, advice = problem
                name = self._model.tensors[number].name
                where = Place(place.file, f"tensor {name!r}")
                message = f"{user} uses {name!r}, which is {what}"
                yield EdgecError(code, message, place=where, help=advice), f"{user} {what}"

    def _problem(self, user: str, number: int) -> tuple[str, str, str] | None:
        tensor = self._model.tensors[number]
        kept = tensor.variable and number not in self._made
        shape = tensor.shape
        if number not in self._model.inputs:  # a part of no elements is legal
            shape = tuple(extent or 1 for extent in shape)
        return _problem(user, replace(tensor, variable=kept, shape=shape))


def _problem(user: str, tensor: FileTensor) -> tuple[str, str, str] | None:
    """Return code, what it is, and advice for a tensor that ``user``, an operator, cannot take."""
    if 0 in tensor.shape:
        what = f"empty: its shape is {tensor.shape}, it has no elements"
        return "unsupported-tensor", what, _FIXED_HELP
    feature = _odd_feature(user, tensor)
    if feature:
        return "unsupported-tensor", feature, _INT8_HELP
    if tensor.dtype is None:
        advice = _TYPE_HELP.get(tensor.type_name, _INT8_HELP)
        return "unsupported-tensor", f"of type {tensor.type_name.lower()}", advice
    stored = tensor.dtype is DType.UINT8 and tensor.qparams and tensor.data is not None
    if stored and user != _MODEL:
        return "unsupported-quantization", "uint8 beside other types", _INT8_HELP
    converts = tensor.dtype is DType.INT32 and tflite_operator(user).integers
    scaled = converts or tensor.dtype in {*_QUANTIZED, DType.UINT8}
    oddity = _odd_quantization(user, tensor) if scaled else ""
    if oddity:
        what = f"{tensor.dtype.value} with {oddity}"
        q = tensor.qparams
        masked = q is not None and max(q.scales) > _LARGEST_SCALE
        return "unsupported-quantization", what, _MASK_HELP if masked else _INT8_HELP
    return None


def _odd_feature(user: str, tensor: FileTensor) -> str:
    """Return a feature of the file format that an operator does not know, or nothing."""
    if tensor.variable and not tflite_operator(user).has_states:
        return "a variable that keeps its value between runs"
    return tensor.oddity


def _odd_quantization(user: str, tensor: FileTensor) -> str:
    """Return what no kernel can do with the quantization of an integer tensor, or nothing."""
    if tensor.odd_scales:
        return tensor.odd_scales
    if tensor.qparams is None:
        return "no scale"
    if not _sane_scales(tensor):
        scales = tensor.qparams.scales
        return f"scale {max(scales) if max(scales) > _LARGEST_SCALE else min(scales)}"
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
    return tensor.data is not None or min(q.scales) >= SMALLEST_SCALE
