"""Lays a TFLite model out as a flatbuffer. Children come before parents, as the format wants it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite

from edgec.ir import Array, QParams, TensorType
from edgec.tflite_schema import ENUM_FIELDS, IDENTIFIER, LAST_DEPRECATED_CODE, SCHEMA_VERSION

SIGNATURE = "serving_default"
"""The key of the file's one signature, which is TensorFlow's usual one."""

_ALIGNMENT = 16  # of constant data, as TFLite's own converter has it


@dataclass(frozen=True, slots=True)
class FileTensor:
    """One tensor of the file; ``data`` is None where it is computed.

    A ``variable`` is one that the interpreter keeps from run to run.
    """

    name: str
    kind: TensorType
    data: Array | None
    variable: bool = False


@dataclass(frozen=True, slots=True)
class FileOperator:
    """One operator of the file; inputs, outputs and intermediates are numbers of tensors."""

    code: str
    version: int
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: str
    fields: Mapping[str, Any]
    intermediates: Sequence[int] = ()


def layout(
    name: str,
    tensors: Sequence[FileTensor],
    operators: Sequence[FileOperator],
    inputs: Sequence[int],
    outputs: Sequence[int],
) -> bytes:
    """Return the bytes of a model with one subgraph."""
    return _Layout().model(name, tensors, operators, inputs, outputs)


@dataclass(eq=False)
class _Layout:
    builder: Any = field(default_factory=lambda: flatbuffers.Builder(1024))
    _data: list[bytes] = field(default_factory=lambda: [b""])  # buffer 0 means: no data
    _data_index: dict[bytes, int] = field(default_factory=dict)

    def model(
        self,
        name: str,
        tensors: Sequence[FileTensor],
        operators: Sequence[FileOperator],
        inputs: Sequence[int],
        outputs: Sequence[int],
    ) -> bytes:
        codes = sorted({(each.code, each.version) for each in operators})
        subgraph = self._table(
            "SubGraph",
            Tensors=self._offsets([self._tensor(each) for each in tensors]),
            Inputs=self._numbers(inputs, np.int32),
            Outputs=self._numbers(outputs, np.int32),
            Operators=self._offsets([self._operator(each, codes) for each in operators]),
            Name=self._text(name),
        )
        root = self._table(
            "Model",
            Version=SCHEMA_VERSION,
            OperatorCodes=self._offsets([self._code(*each) for each in codes]),
            Subgraphs=self._offsets([subgraph]),
            Description=self._text("edgec"),
            **self._signatures(tensors, inputs, outputs),
            Buffers=self._offsets([self._buffer(each) for each in self._data]),
        )
        self.builder.Finish(root, file_identifier=IDENTIFIER)
        return bytes(self.builder.Output())

    def _signatures(
        self, tensors: Sequence[FileTensor], inputs: Sequence[int], outputs: Sequence[int]
    ) -> dict[str, int]:
        """Name inputs and outputs for callers of the interpreter: as their tensors are called."""
        maps = [
            self._offsets([self._named(tensors[number].name, number) for number in numbers])
            for numbers in (inputs, outputs)
        ]
        key = self._text(SIGNATURE)
        one = self._table("SignatureDef", Inputs=maps[0], Outputs=maps[1], SignatureKey=key)
        return {"SignatureDefs": self._offsets([one])}

    def _named(self, name: str, number: int) -> int:
        return self._table("TensorMap", Name=self._text(name), TensorIndex=number)

    def _tensor(self, tensor: FileTensor) -> int:
        kind = tensor.kind
        fields = {
            "Shape": self._numbers(kind.shape, np.int32),
            "Type": getattr(tflite.TensorType, kind.dtype.name),
            "Buffer": self._buffer_index(tensor.data),
            "Name": self._text(tensor.name),
        }
        if tensor.variable:
            fields["IsVariable"] = True
        if kind.qparams is not None:
            fields["Quantization"] = self._quantization(kind.qparams)
        return self._table("Tensor", **fields)

    def _quantization(self, q: QParams) -> int:
        return self._table(
            "QuantizationParameters",
            Scale=self._numbers(q.scales, np.float32),
            ZeroPoint=self._numbers(q.zero_points, np.int64),
            QuantizedDimension=(q.axis or 0) if len(q.scales) > 1 else 0,
        )

    def _operator(self, operator: FileOperator, codes: Sequence[tuple[str, int]]) -> int:
        fields = {
            "OpcodeIndex": codes.index((operator.code, operator.version)),
            "Inputs": self._numbers(operator.inputs, np.int32),
            "Outputs": self._numbers(operator.outputs, np.int32),
        }
        if operator.intermediates:
            fields["Intermediates"] = self._numbers(operator.intermediates, np.int32)
        if operator.options:
            fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, operator.options)
            fields["BuiltinOptions"] = self._options(operator)
        return self._table("Operator", **fields)

    def _options(self, operator: FileOperator) -> int:
        values = {name: self._option(name, value) for name, value in operator.fields.items()}
        return self._table(operator.options, **values)

    def _option(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return getattr(ENUM_FIELDS[name], value)
        if isinstance(value, list | tuple | np.ndarray):
            return self._numbers(value, np.int32)
        return value

    def _code(self, code: str, version: int) -> int:
        number = getattr(tflite.BuiltinOperator, code)
        return self._table(
            "OperatorCode",
            DeprecatedBuiltinCode=min(number, LAST_DEPRECATED_CODE),
            Version=version,
            BuiltinCode=number,
        )

    def _buffer_index(self, data: Array | None) -> int:
        """Return the number of the buffer with these bytes; equal constants share one."""
        raw = b"" if data is None else _little_endian(data)
        if not raw:
            return 0
        if raw not in self._data_index:
            self._data_index[raw] = len(self._data)
            self._data.append(raw)
        return self._data_index[raw]

    def _buffer(self, raw: bytes) -> int:
        if not raw:
            return self._table("Buffer")
        self.builder.Prep(_ALIGNMENT, len(raw))
        return self._table("Buffer", Data=self.builder.CreateByteVector(raw))

    def _numbers(self, values: Sequence[float] | Array, dtype: type[np.generic]) -> int:
        return int(self.builder.CreateNumpyVector(np.asarray(values, dtype)))

    def _offsets(self, offsets: Sequence[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return int(self.builder.EndVector())

    def _text(self, text: str) -> int:
        return int(self.builder.CreateString(text))

    def _table(self, table: str, **fields: Any) -> int:
        """Write a table from values and offsets of children that are written already."""
        getattr(tflite, f"{table}Start")(self.builder)
        for name, value in fields.items():
            getattr(tflite, f"{table}Add{name}")(self.builder, value)
        return int(getattr(tflite, f"{table}End")(self.builder))


def _little_endian(data: Array) -> bytes:
    return data.astype(data.dtype.newbyteorder("<"), copy=False).tobytes()
