"""Small .tflite files for tests: good ones, and ones with one thing wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.exporters.flatbuffer import FileOperator, FileTensor, _Layout
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, GraphBuilder, QParams, TensorType, evaluate
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation
from edgec.pipelines import optimize_integer

Change = Callable[["OddLayout", dict[str, Any]], dict[str, Any]]
Q = QParams.per_tensor(0.5, 3)
X = TensorType((1, 4, 4, 2), DType.INT8, Q)
CONV = {"Padding": "SAME", "StrideH": 1, "StrideW": 1, "FusedActivationFunction": "NONE"}


class OddLayout(_Layout):
    """Writes tables with other fields than the exporter would: ``changes`` by table name."""

    def __init__(self, changes: dict[str, Change]) -> None:
        super().__init__()
        self.changes = changes
        self.last: dict[str, int] = {}

    def _signatures(self, *_: object) -> dict[str, int]:
        return {}  # files of old converters have none

    def _table(self, table: str, **fields: Any) -> int:
        if table in self.changes:
            fields = self.changes[table](self, fields)
        self.last[table] = super()._table(table, **fields)
        return self.last[table]


def fixed(**values: Any) -> Change:
    """Return a change that sets scalar fields in every table of a kind."""
    return lambda _, fields: fields | values


def tensor(
    name: str, shape: Sequence[int], dtype: DType = DType.INT8, q: QParams | None = Q
) -> FileTensor:
    return FileTensor(name, TensorType(tuple(shape), dtype, q), None)


def constant(name: str, data: Array, q: QParams | None = None) -> FileTensor:
    return FileTensor(name, TensorType(data.shape, DType.of(data), q), data)


def weights(channels: int = 2) -> FileTensor:
    data = np.arange(channels * 18, dtype=np.int8).reshape(channels, 3, 3, 2)
    return constant("w", data, QParams.per_channel([0.25] * channels, 0))


def bias(channels: int = 2) -> FileTensor:
    return constant(
        "b", np.arange(channels, dtype=np.int32), QParams.per_channel([0.125] * channels, 0)
    )


def conv(
    *, inputs: Sequence[int] = (0, 1, 2), outputs: Sequence[int] = (3,), **fields: Any
) -> FileOperator:
    return FileOperator("CONV_2D", 3, inputs, outputs, "Conv2DOptions", CONV | fields)


def operator(code: str, inputs: Sequence[int], outputs: Sequence[int]) -> FileOperator:
    return FileOperator(code, 1, inputs, outputs, "", {})


def conv_tensors() -> list[FileTensor]:
    return [tensor("x", X.shape), weights(), bias(), tensor("y", X.shape)]


def file(
    tensors: Sequence[FileTensor] | None = None,
    operators: Sequence[FileOperator] | None = None,
    inputs: Sequence[int] = (0,),
    outputs: Sequence[int] = (3,),
    **changes: Change,
) -> bytes:
    """Return a file; without arguments one good convolution."""
    return OddLayout(changes).model(
        "main",
        conv_tensors() if tensors is None else tensors,
        [conv()] if operators is None else operators,
        inputs,
        outputs,
    )


def two_convolutions() -> Graph:
    """Return a graph with several shapes of everything the format has: 2 nodes, 4 constants."""
    rng = np.random.default_rng(5)
    g = GraphBuilder("two")
    value = g.input("x", X)
    for number, activation in enumerate([Activation.RELU6, Activation.NONE]):
        w = g.constant(
            f"w{number}",
            rng.integers(-127, 128, (2, 3, 3, 2), dtype=np.int8),
            QParams.per_channel([0.001, 0.002], 0),
        )
        b = g.constant(
            f"b{number}",
            rng.integers(-999, 999, 2, dtype=np.int32),
            QParams.per_channel([0.0005, 0.001], 0),
        )
        window = Window((3, 3), (1 + number, 1), (1, 1), (1 - number, 1, 1, 1))
        (value,) = g.add(
            Conv2D(window=window, activation=activation),
            [value, w, b],
            name=f"y{number}",
            qparams=[QParams.per_tensor(0.125, -100)],
        )
    return g.build([value])


def q(scale: float, zero: int = 0) -> QParams:
    return QParams.per_tensor(scale, zero)


def imported(data: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(data)
    return optimize_integer(load_tflite(path))


def drawn(kind: TensorType, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    if kind.dtype is DType.BOOL:
        return rng.integers(0, 2, kind.shape).astype(np.bool_)
    limits = np.iinfo(kind.dtype.numpy)
    return rng.integers(limits.min, limits.max, kind.shape, kind.dtype.numpy, endpoint=True)


def assert_equal(data: bytes, folder: Path) -> Graph:
    """Compare a file, and what is exported of it, with the interpreter; types at the door too."""
    graph = imported(data, folder)
    exported = write_tflite(graph)
    again = imported(exported, folder)
    theirs, ours = Oracle(data, exact=True), Oracle(exported, exact=True)
    for seed in range(4):
        inputs = {name: drawn(graph.types[name], seed) for name in graph.inputs}
        wanted = theirs.run(inputs)
        for found in (evaluate(graph, inputs), evaluate(again, inputs), ours.run(inputs)):
            for name, array in wanted.items():
                got = np.asarray(found[name])  # type: ignore[index]
                assert (got.dtype, got.tobytes()) == (array.dtype, array.tobytes()), name
    return graph
