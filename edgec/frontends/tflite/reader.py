"""Flatbuffer -> plain records, defensively: every count is bounded before anything loops over it.

The flatbuffers runtime checks nothing but the ends of the buffer. All its exceptions become
``malformed-model`` here, at the door.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import tflite

from edgec.errors import EdgecError, Place
from edgec.frontends.limits import MAX_BYTES, MAX_RANK, beyond_room, too_large
from edgec.frontends.tflite.option_tables import decode_options
from edgec.frontends.tflite.quantizations import read_quantization
from edgec.frontends.tflite.signature import signature_names
from edgec.ir import LARGEST_VALUE, Array, DType, QParams, Room, TooLargeError
from edgec.tflite_schema import (
    IDENTIFIER,
    OPERATOR_NAMES,
    SCHEMA_VERSION,
    TENSOR_TYPES,
    TYPE_NAMES,
)

_NO_TENSOR = -1


@dataclass(frozen=True, slots=True)
class FileTensor:
    """One tensor: ``dtype`` is None where edgec has no such type, ``data`` where it is computed.

    ``oddity`` names a feature of the file format that edgec does not know (sparsity, ...);
    ``open_axes`` are those that the file leaves open beside a shape it was made with.
    """

    name: str
    shape: tuple[int, ...]
    type_name: str
    dtype: DType | None
    qparams: QParams | None
    data: Array | None
    oddity: str
    variable: bool = False  # keeps its value between runs
    open_axes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FileOperator:
    """One operator; inputs and outputs are numbers of tensors, None for an absent input."""

    op: str
    version: int
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    attrs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileModel:
    """A subgraph, well-formed: all numbers of tensors exist.

    ``bodies`` of the first one are the others, which its WHILE operators refer to, counted from 1.
    """

    tensors: tuple[FileTensor, ...]
    operators: tuple[FileOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    bodies: tuple["FileModel", ...] = ()


class _MalformedError(Exception):
    """The message says what is wrong in the file."""


def read_model(data: bytes, place: Place) -> FileModel:
    """Decode a .tflite file.

    Errors: ``malformed-model``, ``model-too-large``, ``multiple-subgraphs``.
    """
    try:
        return _Reader(data, place).model()
    except _MalformedError as error:
        message = f"the file is no valid TFLite model: {error}"
    except (struct.error, IndexError, ValueError, TypeError, OverflowError) as error:
        message = f"the file is truncated or damaged ({error})"
    raise EdgecError(
        "malformed-model", message, place=place, help="convert or download the model again"
    )


class _Reader:
    def __init__(self, data: bytes, place: Place) -> None:
        self._data = data
        self._place = place
        self._budget = len(
            data
        )  # elements that may still be decoded: stops vectors read again and again
        self._room = Room.of_file(len(data))

    def model(self) -> FileModel:
        if self._data[4:8] != IDENTIFIER:
            raise _MalformedError("it does not have the identifier TFL3")
        model = tflite.Model.GetRootAs(self._data, 0)
        if model.Version() != SCHEMA_VERSION:
            raise _MalformedError(f"schema version {model.Version()} is not {SCHEMA_VERSION}")
        codes = [
            self._code(model.OperatorCodes(i)) for i in range(self._count(model, "OperatorCodes"))
        ]
        count = self._count(model, "Subgraphs")
        if count == 0:
            raise _MalformedError("it has no subgraph")
        main = self._subgraph(model, 0, codes)
        if count == 1:
            return main
        if not any(each.op == "WHILE" for each in main.operators):
            raise self._several(count)
        bodies = [self._subgraph(model, index, codes) for index in range(1, count)]
        return replace(main, bodies=tuple(bodies))

    def _subgraph(self, model: Any, index: int, codes: list[tuple[str, int]]) -> FileModel:
        subgraph = model.Subgraphs(index)
        tensors = self._tensors(model, subgraph)
        if index == 0:
            for number, name in signature_names(model, len(tensors), self._count).items():
                tensors[number] = replace(tensors[number], name=name)
        operators = [
            self._operator(subgraph.Operators(i), i, codes, tensors)
            for i in range(self._count(subgraph, "Operators"))
        ]
        if not operators and index == 0:
            raise _MalformedError("the model has no operators")
        return FileModel(
            tuple(tensors),
            tuple(operators),
            self._ends(subgraph, "Inputs", len(tensors)),
            self._ends(subgraph, "Outputs", len(tensors)),
        )

    def _several(self, count: int) -> EdgecError:
        return EdgecError(
            "multiple-subgraphs",
            f"the model has {count} subgraphs, edgec compiles one",
            place=self._place,
            help="convert without control flow (tf.cond) and one signature only",
        )

    def _count(self, table: Any, field: str) -> int:
        """Return the length of a vector, at most what the file can hold."""
        count = int(getattr(table, f"{field}Length")())
        self._budget -= count
        if self._budget < 0:
            raise _MalformedError(f"{field} has {count} elements, more than the file can hold")
        return count

    def _numbers(self, table: Any, field: str) -> list[Any]:
        if not self._count(table, field):
            return []
        return list(getattr(table, f"{field}AsNumpy")().tolist())

    def _ends(self, subgraph: Any, field: str, tensors: int) -> tuple[int, ...]:
        numbers = self._numbers(subgraph, field)
        if not numbers:
            raise _MalformedError(f"the model has no {field.lower()}")
        if field == "Inputs" and len(set(numbers)) != len(numbers):
            raise _MalformedError("an input is listed twice")
        return tuple(_tensor_number(each, tensors) for each in numbers)

    def _tensors(self, model: Any, subgraph: Any) -> list[FileTensor]:
        buffers = self._count(model, "Buffers")
        tensors, total = [], 0
        for i in range(self._count(subgraph, "Tensors")):
            tensor = self._tensor(model, subgraph.Tensors(i), i, buffers)
            total += _bytes(tensor)
            inside = Place(self._place.file, f"tensor {tensor.name!r}")
            if _bytes(tensor) > LARGEST_VALUE:
                raise too_large("the tensor", _bytes(tensor), inside, LARGEST_VALUE)
            if total > MAX_BYTES:
                raise too_large("the model", total, inside)
            self._take_constant(tensor, inside)
            tensors.append(tensor)
        return tensors

    def _take_constant(self, tensor: FileTensor, place: Place) -> None:
        """Count the bytes of a constant: many tensors may be in one buffer."""
        try:
            self._room.take(0 if tensor.data is None else tensor.data.nbytes)
        except TooLargeError as error:
            raise beyond_room(f"{error}: many tensors are in one buffer", place) from error

    def _tensor(self, model: Any, table: Any, index: int, buffers: int) -> FileTensor:
        name = (table.Name() or b"").decode("utf-8", "backslashreplace") or f"tensor_{index}"
        shape = self._shape(table, name)
        dtype = TENSOR_TYPES.get(table.Type())
        try:
            qparams = read_quantization(table.Quantization(), shape, dtype, self._count)
        except ValueError as error:
            raise _MalformedError(f"quantization of tensor {name!r}: {error}") from error
        type_name = TYPE_NAMES.get(table.Type(), str(table.Type()))
        data = self._constant(model, table, buffers)
        return FileTensor(
            name,
            shape,
            type_name,
            dtype,
            qparams,
            _shaped(data, name, shape, dtype),
            _oddity(table),
            bool(table.IsVariable()),
            self._open_axes(table),
        )

    def _shape(self, table: Any, name: str) -> tuple[int, ...]:
        """Return the shape; a dynamic extent (-1) becomes 1."""
        shape = self._numbers(table, "Shape")
        if len(shape) > MAX_RANK:
            raise _MalformedError(f"tensor {name!r} has rank {len(shape)}")
        if min(shape, default=0) < -1:
            raise _MalformedError(f"tensor {name!r} has shape {tuple(shape)}")
        return tuple(1 if extent == -1 else extent for extent in shape)

    def _open_axes(self, table: Any) -> tuple[int, ...]:
        stated = self._numbers(table, "ShapeSignature") or self._numbers(table, "Shape")
        return tuple(axis for axis, extent in enumerate(stated) if extent == -1)

    def _constant(self, model: Any, table: Any, buffers: int) -> Array | None:
        """Return the bytes of a tensor's buffer, None where it has none."""
        number = table.Buffer()
        if number >= max(buffers, 1):
            raise _MalformedError(f"buffer {number} does not exist, there are {buffers}")
        buffer = model.Buffers(number) if number else None
        if buffer is None:
            return None
        if _outside(buffer):
            raise _MalformedError("constants beyond the flatbuffer are not supported")
        data: Array | None = buffer.DataAsNumpy() if buffer.DataLength() else None
        return data

    def _code(self, table: Any) -> tuple[str, int]:
        number = max(table.BuiltinCode(), table.DeprecatedBuiltinCode())
        name = OPERATOR_NAMES.get(number, f"operator {number}")
        if name == "CUSTOM":
            custom = (table.CustomCode() or b"").decode("utf-8", "backslashreplace")
            name = f"CUSTOM {custom}"
        return name, int(table.Version())

    def _operator(
        self, table: Any, index: int, codes: list[tuple[str, int]], tensors: list[FileTensor]
    ) -> FileOperator:
        if table.OpcodeIndex() >= len(codes):
            raise _MalformedError(
                f"operator {index} has code {table.OpcodeIndex()} of {len(codes)}"
            )
        op, version = codes[table.OpcodeIndex()]
        inputs = [
            None if each == _NO_TENSOR else _tensor_number(each, len(tensors))
            for each in self._numbers(table, "Inputs")
        ]
        outputs = [_tensor_number(each, len(tensors)) for each in self._numbers(table, "Outputs")]
        if not outputs:
            raise _MalformedError(f"operator {index} ({op}) has no output")
        attrs = self._attrs(table, op, tensors)
        return FileOperator(op, version, tuple(inputs), tuple(outputs), attrs)

    def _attrs(self, table: Any, op: str, tensors: list[FileTensor]) -> dict[str, Any]:
        """Return the options of an operator, and the quantizations of its ``intermediates``."""
        attrs = decode_options(
            op, table.BuiltinOptions(), table.BuiltinOptionsType(), len(self._data)
        )
        numbers = [
            _tensor_number(each, len(tensors)) for each in self._numbers(table, "Intermediates")
        ]
        if numbers:
            attrs["intermediates"] = [tensors[each].qparams for each in numbers]
        return attrs


def _tensor_number(number: int, tensors: int) -> int:
    if not 0 <= number < tensors:
        raise _MalformedError(f"tensor {number} does not exist, there are {tensors}")
    return number


def _bytes(tensor: FileTensor) -> int:
    return prod(tensor.shape) * (tensor.dtype.bytes if tensor.dtype else 1)


def _outside(buffer: Any) -> bool:
    """Say whether the data follows the flatbuffer, as in files beyond 2 GB."""
    return hasattr(buffer, "Offset") and bool(buffer.Offset() > 1)


def _shaped(
    data: Array | None, name: str, shape: tuple[int, ...], dtype: DType | None
) -> Array | None:
    """Return the bytes of a constant as the array they are."""
    if dtype is None:
        return data
    elements = prod(shape)
    if data is None:
        return None
    if data.size != elements * dtype.bytes:
        raise _MalformedError(
            f"constant {name!r} has {data.size} bytes, its shape {shape} needs "
            f"{elements * dtype.bytes}"
        )
    array: Array = data.view(dtype.numpy.newbyteorder("<")).astype(dtype.numpy, copy=False)
    return array.reshape(shape)


def _oddity(table: Any) -> str:
    return "" if table.Sparsity() is None else "sparse"
