"""Small .tflite files of several subgraphs: loops, and streaming models with resource variables."""

from collections.abc import Sequence

import numpy as np
import tflite
from tflite_files import constant, tensor

from edgec.exporters.flatbuffer import FileOperator, FileTensor, _Layout
from edgec.ir import DType
from edgec.tflite_schema import SCHEMA_VERSION

Part = tuple[Sequence[FileTensor], Sequence[FileOperator], Sequence[int], Sequence[int]]


class Subgraphs(_Layout):
    """Writes a file with several subgraphs: tensors, operators, inputs and outputs of each."""

    def parts(self, parts: Sequence[Part]) -> bytes:
        codes = sorted({(each.code, each.version) for _, ops, *_ in parts for each in ops})
        tables = [
            self._table(
                "SubGraph",
                Tensors=self._offsets([self._tensor(each) for each in tensors]),
                Inputs=self._numbers(inputs, np.int32),
                Outputs=self._numbers(outputs, np.int32),
                Operators=self._offsets([self._operator(each, codes) for each in operators]),
            )
            for tensors, operators, inputs, outputs in parts
        ]
        root = self._table(
            "Model",
            Version=SCHEMA_VERSION,
            OperatorCodes=self._offsets([self._code(*each) for each in codes]),
            Subgraphs=self._offsets(tables),
            Buffers=self._offsets([self._buffer(each) for each in self._data]),
        )
        self.builder.Finish(root, file_identifier=b"TFL3")
        return bytes(self.builder.Output())


class _Streaming(Subgraphs):
    """Tensors called "handle" are those of a resource."""

    def __init__(self) -> None:
        super().__init__()
        self.handles: set[int] = set()

    def _table(self, table: str, **fields: object) -> int:
        if table == "Tensor" and fields["Name"] in self.handles:
            fields["Type"] = tflite.TensorType.RESOURCE
        return super()._table(table, **fields)

    def _text(self, text: str) -> int:
        number = super()._text(text)
        if text == "handle":
            self.handles.add(number)
        return number


def streaming() -> bytes:
    """Return a model that adds its input to what a resource variable holds, from zeros on.

    As Keras' streaming models: CALL_ONCE runs the second subgraph, which sets the variable.
    """

    def real(name: str) -> FileTensor:
        return tensor(name, (1, 4), DType.FLOAT32, None)

    def operator(
        code: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: str = "",
        **fields: object,
    ) -> FileOperator:
        return FileOperator(code, 1, inputs, outputs, options, fields)

    handle = tensor("handle", (), DType.INT32, None)
    declared = operator("VAR_HANDLE", [], [0], "VarHandleOptions")
    main = [
        operator("CALL_ONCE", [], [], "CallOnceOptions", InitSubgraphIndex=1),
        declared,
        operator("READ_VARIABLE", [0], [2]),
        operator("ADD", [1, 2], [3], "AddOptions"),
        operator("ASSIGN_VARIABLE", [0, 3], []),
    ]
    zeros = constant("zeros", np.zeros((1, 4), np.float32))
    first = [declared, operator("ASSIGN_VARIABLE", [0, 1], [])]
    return _Streaming().parts(
        [
            ([handle, real("x"), real("kept"), real("y")], main, [1], [3]),
            ([handle, zeros], first, [], []),
        ]
    )
