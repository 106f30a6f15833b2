"""Flatbuffer -> plain records, defensively: every count is bounded before anything loops over it.

The flatbuffers runtime checks nothing but the ends of the buffer. All its exceptions become
``malformed-model`` here, at the door.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import tflite
from flatbuffers.number_types import Int32Flags

from edgec.errors import EdgecError, Place
from edgec.frontends.limits import MAX_BYTES, MAX_RANK, beyond_room, too_large
from edgec.frontends.tflite.option_tables import decode_options, default_options, options_table
from edgec.frontends.tflite.packed import unpacked
from edgec.frontends.tflite.quantizations import read_quantization
from edgec.frontends.tflite.records import FileModel, FileOperator, FileTensor
from edgec.frontends.tflite.signature import signature_names
from edgec.frontends.tflite.sparse import dense_bytes
from edgec.ir import LARGEST_VALUE, Array, DType, QParams, Room, TooLargeError
from edgec.tflite_schema import (
    IDENTIFIER,
    OPERATOR_NAMES,
    SCHEMA_VERSION,
    TENSOR_TYPES,
    TYPE_NAMES,
)

__all__ = ["CUSTOM", "CUSTOM_OPTIONS", "FileModel", "FileOperator", "FileTensor", "read_model"]

CUSTOM = "CUSTOM"
"""The first word of operators that TFLite itself does not have."""
CUSTOM_OPTIONS = "custom_options"
"""The attribute with their options: bytes, in a form of their own."""

_NO_TENSOR = -1
_HALF_BYTES = 2
_BEHIND = "stored behind the flatbuffer"
_NEW_CODE = 10  # where the vtable of an OperatorCode has the field builtin_code


class _MalformedError(Exception):
    """The message says what is wrong in the file."""


def read_model(data: bytes, place: Place) -> FileModel:
    """Decode a .tflite file.

    Errors: ``malformed-model`` for what TFLite's own interpreter does not load either, and
    ``model-too-large``. What it does load and edgec cannot take is an oddity of tensor, operator
    or model.
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
        bodies = tuple(self._subgraph(model, index, codes) for index in range(1, count))
        return replace(main, bodies=bodies)

    def _subgraph(self, model: Any, index: int, codes: list[tuple[str, int]]) -> FileModel:
        subgraph = model.Subgraphs(index)
        tensors = self._tensors(model, subgraph)
        if index == 0:
            for number, name in signature_names(model, len(tensors), self._count).items():
                own = tensors[number].name
                tensors[number] = replace(tensors[number], name=name, alias=own)
        operators = [
            self._operator(subgraph.Operators(i), i, codes, tensors)
            for i in range(self._count(subgraph, "Operators"))
        ]
        inputs, outputs = (
            self._ends(subgraph, field, len(tensors)) for field in ("Inputs", "Outputs")
        )
        return FileModel(
            tuple(tensors),
            tuple(operators),
            tuple(dict.fromkeys(each for each in inputs if each is not None)),
            tuple(each for each in outputs if each is not None),
            oddities=tuple(_odd_ends(inputs, outputs)),
        )

    def _count(self, table: Any, field: str) -> int:
        """Return the length of a vector, at most what the file can hold."""
        count = int(getattr(table, f"{field}Length")())
        if count > len(self._data):
            raise _MalformedError(f"{field} has {count} elements, more than the file can hold")
        self._budget -= count
        if self._budget < 0:
            message = f"{field}: {count} elements more, more than the file can hold: shared lists"
            raise beyond_room(message, self._place)
        return count

    def _numbers(self, table: Any, field: str) -> list[Any]:
        if not self._count(table, field):
            return []
        return list(getattr(table, f"{field}AsNumpy")().tolist())

    def _ends(self, subgraph: Any, field: str, tensors: int) -> list[int | None]:
        numbers = self._numbers(subgraph, field)
        return [_optional_number(each, tensors) for each in numbers]

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
        stated = self._numbers(table, "Shape")
        shape = tuple(1 if extent < 0 else extent for extent in stated)  # -1: an open extent
        dtype = TENSOR_TYPES.get(table.Type())
        data, sparse = self._dense(table, shape, self._constant(model, table, buffers))
        if table.Type() == tflite.TensorType.INT4 and data is not None and not sparse:
            data = unpacked(data, prod(shape))
            dtype = None if data is None else DType.INT8
        qparams, odd_scales = self._quantization(table, shape, dtype)
        oddity = sparse or _oddity(stated)
        return FileTensor(
            name,
            shape,
            TYPE_NAMES.get(table.Type(), str(table.Type())),
            dtype,
            qparams,
            data if sparse else _shaped(data, name, shape, dtype),
            oddity or (_BEHIND if self._is_outside(model, table) else ""),
            bool(table.IsVariable()),
            self._open_axes(table),
            odd_scales,
        )

    def _dense(
        self, table: Any, shape: tuple[int, ...], data: Array | None
    ) -> tuple[Array | None, str]:
        """Return the bytes of a constant, written out where it is sparse; and what is odd of it."""
        sparsity = table.Sparsity()
        if sparsity is None:
            return data, ""
        dtype, kind = TENSOR_TYPES.get(table.Type()), TYPE_NAMES.get(table.Type())
        width = dtype.bytes if dtype else _HALF_BYTES if kind == "FLOAT16" else 0
        if data is None or not width:
            return data, "sparse"
        try:
            return dense_bytes(data, sparsity, shape, width, self._numbers), ""
        except ValueError as error:
            return data, f"sparse, and contradicts itself ({error})"

    def _quantization(
        self, table: Any, shape: tuple[int, ...], dtype: DType | None
    ) -> tuple[QParams | None, str]:
        """Return the quantization of a tensor, or what is wrong with it."""
        try:
            return read_quantization(table.Quantization(), shape, dtype, self._count), ""
        except ValueError as error:
            return None, str(error)

    def _open_axes(self, table: Any) -> tuple[int, ...]:
        stated = self._numbers(table, "ShapeSignature") or self._numbers(table, "Shape")
        return tuple(axis for axis, extent in enumerate(stated) if extent == -1)

    def _constant(self, model: Any, table: Any, buffers: int) -> Array | None:
        """Return the bytes of a tensor's buffer, None where it has none."""
        number = table.Buffer()
        if number >= max(buffers, 1):
            raise _MalformedError(f"buffer {number} does not exist, there are {buffers}")
        buffer = model.Buffers(number) if number else None
        data: Array | None = buffer.DataAsNumpy() if buffer and buffer.DataLength() else None
        return data

    def _is_outside(self, model: Any, table: Any) -> bool:
        """Say whether a tensor's bytes follow the flatbuffer, as in files beyond 2 GB."""
        buffer = model.Buffers(table.Buffer()) if table.Buffer() else None
        return buffer is not None and hasattr(buffer, "Offset") and bool(buffer.Offset() > 1)

    def _code(self, table: Any) -> tuple[str, int]:
        number = max(_new_code(table), table.DeprecatedBuiltinCode())
        name = OPERATOR_NAMES.get(number, f"operator {number}")
        if name == CUSTOM:
            custom = (table.CustomCode() or b"").decode("utf-8", "backslashreplace")
            name = f"{CUSTOM} {custom}"
        return name, int(table.Version())

    def _operator(
        self, table: Any, index: int, codes: list[tuple[str, int]], tensors: list[FileTensor]
    ) -> FileOperator:
        if table.OpcodeIndex() >= len(codes):
            raise _MalformedError(
                f"operator {index} has code {table.OpcodeIndex()} of {len(codes)}"
            )
        op, version = codes[table.OpcodeIndex()]
        inputs, outputs = (
            [_optional_number(each, len(tensors)) for each in self._numbers(table, field)]
            for field in ("Inputs", "Outputs")
        )
        attrs, oddity = self._attrs(table, op, tensors)
        if None in outputs:
            oddity = oddity or "an output that is left out"
        made = tuple(each for each in outputs if each is not None)
        return FileOperator(op, version, tuple(inputs), made, attrs, oddity)

    def _attrs(self, table: Any, op: str, tensors: list[FileTensor]) -> tuple[dict[str, Any], str]:
        """Return the options of an operator, with the quantizations of its ``intermediates``.

        And what is odd about them; then they are the defaults.
        """
        oddity = ""
        given = (table.BuiltinOptions(), table.BuiltinOptionsType())
        try:
            attrs = decode_options(op, *given, len(self._data))
        except ValueError as error:
            attrs, oddity = dict(default_options(options_table(op))), str(error)
        if op.startswith(CUSTOM):
            attrs[CUSTOM_OPTIONS] = bytes(self._numbers(table, "CustomOptions"))
        numbers = self._numbers(table, "Intermediates")
        if any(not 0 <= each < len(tensors) for each in numbers):
            return attrs, oddity or f"intermediates {numbers}, there are {len(tensors)} tensors"
        if numbers:
            attrs["intermediates"] = [tensors[each].qparams for each in numbers]
        return attrs, oddity


def _tensor_number(number: int, tensors: int) -> int:
    if not 0 <= number < tensors:
        raise _MalformedError(f"tensor {number} does not exist, there are {tensors}")
    return number


def _optional_number(number: int, tensors: int) -> int | None:
    return None if number == _NO_TENSOR else _tensor_number(number, tensors)


def _odd_ends(inputs: Sequence[int | None], outputs: Sequence[int | None]) -> Iterator[str]:
    if not outputs:
        yield "the model has no outputs: nothing of it could be read"
    if None in inputs or None in outputs:
        yield "an input or output of the model is left out (tensor -1)"
    if len(set(inputs)) != len(inputs):
        yield "an input of the model is listed twice"


def _bytes(tensor: FileTensor) -> int:
    return prod(tensor.shape) * (tensor.dtype.bytes if tensor.dtype else 1)


def _new_code(table: Any) -> int:
    """Return the field of schema 3a, which may be the only one; the package hides it then."""
    place = table._tab.Offset(_NEW_CODE)  # noqa: SLF001 - there is no other way to it
    number = table._tab.Get(Int32Flags, place + table._tab.Pos) if place else 0  # noqa: SLF001
    return int(number)


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


def _oddity(stated: Sequence[int]) -> str:
    """Return what edgec does not know of a shape, or nothing."""
    if len(stated) > MAX_RANK:
        return f"of rank {len(stated)}, more than {MAX_RANK}"
    if min(stated, default=0) < -1:
        return f"of shape {tuple(stated)}"
    return ""
