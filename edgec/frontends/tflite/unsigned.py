"""uint8 in TFLite files, as the int8 that is 128 less: only a model's door stays uint8.

Converters put uint8 around int8 networks (``inference_input_type = tf.uint8``); before int8 there
was a scheme with uint8 throughout. A tensor of uint8 with zero point z stands for the same numbers
as one of int8, all elements and z 128 less. Inputs and outputs of the model keep the file's type: a
QUANTIZE, which only shifts, stands behind and before them where no other does.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.ir import Array, DType, QParams, TensorType
from edgec.ops.conversion.quantize import signed_form

_VERSION = 2  # of the QUANTIZE that is added
_CONVERSIONS = {"QUANTIZE", "DEQUANTIZE"}
_NUMBERS = QParams((1.0,), (0,))
_NUMBER_TYPES = {DType.UINT8, DType.INT8, DType.INT16, DType.INT32}
_FLOAT = "FLOAT32"

_LAYERS = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"}
_WEIGHTS = 1  # their place among the inputs of layers

SHIFTED_WEIGHTS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
"""Layers that we have for weights with a zero point."""

SAME_BYTES = frozenset(
    {
        *("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "SPLIT"),
        *("SPLIT_V", "UNPACK", "PACK", "PAD", "PADV2", "MIRROR_PAD", "GATHER", "TILE"),
        *("SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"),
        *("MAX_POOL_2D", "RESIZE_NEAREST_NEIGHBOR", "MAXIMUM", "MINIMUM", "REVERSE_V2"),
        *("ARG_MAX", "ARG_MIN", "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6", "RELU_N1_TO_1"),
        *(
            "LEAKY_RELU",
            "PRELU",
            "HARD_SWISH",
            "GELU",
            "LOGISTIC",
            "TANH",
            "SOFTMAX",
            "LOG_SOFTMAX",
        ),
        *("ADD", "SUB", "MUL", "MEAN", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"),
        *("TRANSPOSE_CONV", "CONCATENATION", "AVERAGE_POOL_2D"),
        *("RESIZE_BILINEAR", "L2_NORMALIZATION", "SELECT", "SELECT_V2", "TOPK_V2"),
        *("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "SUM"),
    }
)
"""Operators whose uint8 kernel we have: mostly it does to bytes what int8's does to those 128 less.

Found by measurement: tests/differential/test_tflite_unsigned.py.
"""


def with_signed_tensors(model: FileModel) -> FileModel:
    """Return the model with int8 for uint8, but for its inputs and outputs.

    Operators that computed in uint8 are marked (``unsigned``): not all do the same in int8.
    """
    return _Signed(model).run() if any(map(_is_unsigned, model.tensors)) else model


def with_numbers_at_the_door(model: FileModel) -> FileModel:
    """Return the model with a scale of 1 for integer inputs that only a CAST to floats reads."""
    plain = {number for number in model.inputs if _is_number(model, number)}
    tensors = [
        replace(tensor, qparams=_NUMBERS) if number in plain else tensor
        for number, tensor in enumerate(model.tensors)
    ]
    operators = tuple(
        replace(each, op="DEQUANTIZE", attrs={}) if plain & set(each.inputs) else each
        for each in model.operators
    )
    return replace(model, tensors=tuple(tensors), operators=operators) if plain else model


def _is_number(model: FileModel, number: int) -> bool:
    readers = [each for each in model.operators if number in each.inputs]
    casts = all(
        each.op == "CAST" and each.outputs and model.tensors[each.outputs[0]].type_name == _FLOAT
        for each in readers
    )
    typed = model.tensors[number].dtype in _NUMBER_TYPES
    return bool(readers) and casts and typed and number not in model.outputs


@dataclass(eq=False)
class _Signed:
    model: FileModel
    tensors: list[FileTensor] = field(init=False)
    operators: list[FileOperator] = field(default_factory=list)
    twins: dict[int, int] = field(default_factory=dict)  # of tensors at the door, in int8

    def __post_init__(self) -> None:
        self.tensors = [*self.model.tensors]

    def run(self) -> FileModel:
        model = self.model
        doors = {n for n in (*model.inputs, *model.outputs) if _is_unsigned(model.tensors[n])}
        computing = [each for each in model.operators if self._computes(each)]
        wanted = {n for each in computing for n in (*each.inputs, *each.outputs) if n is not None}
        for number in sorted(wanted & doors):
            self._add_twin(number)
        for number in model.inputs:
            if number in self.twins:
                self._convert(number, self.twins[number])
        for operator in model.operators:
            self._add(operator)
        symmetric, beside = self._symmetric_weights(), self._beside_other_types()
        for number, tensor in enumerate(model.tensors):
            if number not in doors and number not in beside and _is_unsigned(tensor):
                self.tensors[number] = symmetric.get(number) or _signed(tensor)
        return replace(model, tensors=tuple(self.tensors), operators=tuple(self.operators))

    def _beside_other_types(self) -> set[int]:
        """Return the constants of operators whose activations are of other types."""
        found = set[int]()
        for operator in self.model.operators:
            numbers = [n for n in (*operator.inputs, *operator.outputs) if n is not None]
            made = [n for n in numbers if self.model.tensors[n].data is None]
            if not any(_is_unsigned(self.model.tensors[n]) for n in made):
                found |= {*numbers} - {*made}
        return found

    def _computes(self, operator: FileOperator) -> bool:
        """Tell whether an operator has uint8 and is no conversion, which may be at the door."""
        numbers = [n for n in (*operator.inputs, *operator.outputs) if n is not None]
        unsigned = any(_is_unsigned(self.model.tensors[n]) for n in numbers)
        return unsigned and operator.op not in _CONVERSIONS

    def _add(self, operator: FileOperator) -> None:
        if not self._computes(operator):
            self.operators.append(operator)
            return
        inputs = tuple(n if n is None else self.twins.get(n, n) for n in operator.inputs)
        if operator.op == "CONCATENATION" and operator.outputs:
            inputs = tuple(self._rescaled(n, operator.outputs[0]) for n in inputs)
        if operator.op == "TRANSPOSE_CONV":
            inputs = self._with_parts_of_weights(inputs)
        outputs = tuple(self.twins.get(n, n) for n in operator.outputs)
        changed = replace(operator, inputs=inputs, outputs=outputs, unsigned=True)
        self.operators.append(changed)
        for number in operator.outputs:
            if number in self.twins:
                self._convert(self.twins[number], number)

    def _add_twin(self, number: int) -> None:
        tensor = _signed(self.tensors[number])
        self.twins[number] = len(self.tensors)
        self.tensors.append(replace(tensor, name=f"{tensor.name}/int8"))

    def _symmetric_weights(self) -> dict[int, FileTensor]:
        """Return the weights whose distances from their zero point are int8: less these."""
        readers: dict[int, set[bool]] = {}
        for operator in self.model.operators:
            for place, number in enumerate(operator.inputs):
                if number is not None:
                    layer = operator.op in _LAYERS and place == _WEIGHTS
                    readers.setdefault(number, set()).add(layer)
        found = {
            n: _symmetric(self.model.tensors[n]) for n, each in readers.items() if each == {True}
        }
        return {number: tensor for number, tensor in found.items() if tensor is not None}

    def _rescaled(self, number: int | None, result: int) -> int | None:
        """Add the table that brings an input of CONCATENATION to the scale of its result."""
        wanted = self.model.tensors[result].qparams
        if number is None or wanted is None:
            return number
        tensor = self.tensors[number]
        source = signed_form(_kind(tensor)).qparams
        target = signed_form(TensorType((), DType.UINT8, wanted)).qparams
        if source is None or target is None or source == target:
            return number
        if not (_is_usual(source) and _is_usual(target)):
            return number  # the checks will tell
        name = f"{tensor.name}/{len(self.tensors)}"
        data = concatenated_bytes(source, target)
        table = FileTensor(f"{name}/table", data.shape, "INT8", DType.INT8, target, data, "")
        made = replace(_signed(tensor), name=name, dtype=DType.INT8, qparams=target, data=None)
        self.tensors += [table, made]
        numbers = len(self.tensors) - 2, len(self.tensors) - 1
        self.operators.append(
            FileOperator("EDGEC_TABLE", 1, (number, numbers[0]), (numbers[1],), {})
        )
        return numbers[1]

    def _with_parts_of_weights(self, inputs: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return inputs of TRANSPOSE_CONV whose weights, less their zero point, are int8.

        Where they are beyond it they are sums of two or three parts, one behind the other, and so
        are the channels that they read: a kernel of our own is not worth its code.
        """
        shape, weights, x, *bias = inputs if len(inputs) > 2 else (None,) * 3  # noqa: PLR2004
        if weights is None or x is None or not self.tensors[x].shape:
            return inputs
        tensor, read = self.tensors[weights], _signed(self.tensors[x])
        parts = _parts(tensor)
        if len(parts) < 2 or tensor.qparams is None:  # noqa: PLR2004
            return inputs
        data = np.concatenate(parts, axis=-1)
        q, name = QParams(tensor.qparams.scales, (0,)), f"{tensor.name}/{len(self.tensors)}"
        wide = (*read.shape[:-1], read.shape[-1] * len(parts))
        again = replace(read, name=f"{name}/again", shape=wide, data=None)
        self.tensors += [FileTensor(name, data.shape, "INT8", DType.INT8, q, data, ""), again]
        last = len(self.tensors) - 1
        axis = {"axis": len(wide) - 1}
        self.operators.append(FileOperator("CONCATENATION", 2, (x,) * len(parts), (last,), axis))
        return (shape, last - 1, last, *bias)

    def _convert(self, source: int, target: int) -> None:
        self.operators.append(FileOperator("QUANTIZE", _VERSION, (source,), (target,), {}))


def _is_usual(q: QParams) -> bool:
    return len(q.scales) == 1 and 1e-20 < q.scales[0] < 1e20  # noqa: PLR2004


def concatenated_bytes(source: QParams, target: QParams) -> Array:
    """Return what CONCATENATION makes of each int8, from -128 on, whose scale is not its result's.

    Source: TFLite 2.14 reference_ops::ConcatenationWithScaling, in float32.
    """
    scale = np.float32(source.scale) * (np.float32(1) / np.float32(target.scale))
    shifted = np.arange(256).astype(np.float32), np.float32(-(source.zero_point + 128))
    ratio = (shifted[0] * scale + shifted[1] * scale).astype(np.float64)
    rounded = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio) + target.zero_point
    return np.clip(rounded, -128, 127).astype(np.int8)


def _symmetric(tensor: FileTensor) -> FileTensor | None:
    """Return weights less their zero point, where int8 holds them; else None."""
    q = tensor.qparams
    if not _is_unsigned(tensor) or q is None or tensor.data is None or len(q.scales) > 1:
        return None
    centered = tensor.data.astype(np.int16) - q.zero_point
    if centered.min(initial=0) < -128 or centered.max(initial=0) > 127:  # noqa: PLR2004
        return None
    data = centered.astype(np.int8)
    return replace(
        tensor, type_name="INT8", dtype=DType.INT8, qparams=QParams(q.scales, (0,)), data=data
    )


def _parts(tensor: FileTensor) -> list[Array]:
    """Return int8 that add up to weights less their zero point; nothing where there is no need."""
    q = tensor.qparams
    if not _is_unsigned(tensor) or q is None or tensor.data is None or _symmetric(tensor):
        return []
    centered = tensor.data.astype(np.int16) - q.zero_point
    count = max(-(-int(centered.max(initial=0)) // 127), -(-int(-centered.min(initial=0)) // 128))
    return [((centered + each) // count).astype(np.int8) for each in range(count)]


def _kind(tensor: FileTensor) -> TensorType:
    return TensorType(tensor.shape, tensor.dtype or DType.FLOAT32, tensor.qparams)


def _is_unsigned(tensor: FileTensor) -> bool:
    return tensor.dtype is DType.UINT8 and tensor.qparams is not None


def _signed(tensor: FileTensor) -> FileTensor:
    """Return the same numbers in int8; what has no scale stays."""
    if not _is_unsigned(tensor):
        return tensor
    kind = signed_form(TensorType(tensor.shape, DType.UINT8, tensor.qparams))
    data = None if tensor.data is None else (tensor.data ^ np.uint8(128)).view(np.int8)
    return replace(tensor, type_name="INT8", dtype=kind.dtype, qparams=kind.qparams, data=data)
