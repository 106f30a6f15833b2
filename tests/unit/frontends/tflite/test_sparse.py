"""Sparse constants, DENSIFY and MediaPipe's transposed convolution, against the interpreter."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
from oracle import run_tflite
from tflite_files import OddLayout, constant, conv_tensors, operator, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends import load
from edgec.frontends.tflite.sparse import dense_bytes
from edgec.ir import Array, DType, QParams, evaluate

VECTORS = {np.uint8: "Uint8Vector", np.uint16: "Uint16Vector", np.int32: "Int32Vector"}
DENSE, SPARSE = tflite.DimensionType.DENSE, tflite.DimensionType.SPARSE_CSR


@dataclass(frozen=True)
class Storage:
    """How a tensor is stored: order of its levels, sizes of blocks by axis, formats of levels."""

    order: tuple[int, ...]
    formats: tuple[int, ...]
    blocks: dict[int, int] = field(default_factory=dict)
    numbers: Any = np.uint8


def encoded(array: Array, how: Storage) -> tuple[Array, list[tuple[int, list[int], list[int]]]]:
    """Return the stored elements, and per level: size, segments, indices."""
    blocks = list(how.blocks)
    split = [
        extent
        for axis, size in enumerate(array.shape)
        for extent in ((size // how.blocks[axis], how.blocks[axis]) if axis in blocks else (size,))
    ]
    outer, inner, place = [], {}, 0
    for axis in range(array.ndim):
        outer.append(place)
        place += 1
        if axis in blocks:
            inner[axis] = place
            place += 1
    expanded = array.reshape(split).transpose([*outer, *(inner[axis] for axis in blocks)])
    parts, levels = [expanded.transpose(how.order)], []
    for kind in how.formats:
        size = parts[0].shape[0] if parts else 0
        segments, indices, children = [0], list[int](), []
        for part in parts:
            kept = [i for i in range(size) if kind == DENSE or np.any(part[i] != 0)]
            indices += kept
            children += [part[i] for i in kept]
            segments.append(len(indices))
        levels.append((size, segments, indices))
        parts = children
    return np.array(parts, array.dtype), levels


class SparseLayout(OddLayout):
    """Writes the tensor called ``sparse`` with fewer elements than its shape has."""

    def __init__(self, whole: Array, how: Storage, type_name: str = "") -> None:
        super().__init__({})
        self.whole, self.how, self.type_name = whole, how, type_name

    def _tensor(self, each: FileTensor) -> int:
        kind = getattr(tflite.TensorType, self.type_name or each.kind.dtype.name)
        if each.name not in {"sparse", "dense"}:
            return super()._tensor(each)
        fields: dict[str, Any] = {
            "Shape": self._numbers(each.kind.shape, np.int32),
            "Type": kind,
            "Name": self._text(each.name),
        }
        if each.kind.qparams:
            fields["Quantization"] = self._quantization(each.kind.qparams)
        if each.name == "sparse":
            values, levels = encoded(self.whole, self.how)
            fields |= {"Buffer": self._buffer_index(values), "Sparsity": self._sparsity(levels)}
        return self._table("Tensor", **fields)

    def _sparsity(self, levels: list[tuple[int, list[int], list[int]]]) -> int:
        tables = [
            self._level(kind, *level) for kind, level in zip(self.how.formats, levels, strict=True)
        ]
        fields = {
            "TraversalOrder": self._numbers(self.how.order, np.int32),
            "DimMetadata": self._offsets(tables),
        }
        if self.how.blocks:
            fields["BlockMap"] = self._numbers(list(self.how.blocks), np.int32)
        return self._table("SparsityParameters", **fields)

    def _level(self, kind: int, size: int, segments: list[int], indices: list[int]) -> int:
        if kind == DENSE:
            return self._table("DimensionMetadata", Format=kind, DenseSize=size)
        name = VECTORS[self.how.numbers]
        vectors = [
            self._table(name, Values=self._numbers(each, self.how.numbers))
            for each in (segments, indices)
        ]
        number = getattr(tflite.SparseIndexVector, name)
        return self._table(
            "DimensionMetadata",
            Format=kind,
            ArraySegmentsType=number,
            ArraySegments=vectors[0],
            ArrayIndicesType=number,
            ArrayIndices=vectors[1],
        )


CASES = {
    "last axis": ((4, 1, 1, 6), Storage((0, 1, 2, 3), (DENSE, DENSE, DENSE, SPARSE))),
    "all axes": ((3, 4, 5), Storage((0, 1, 2), (SPARSE, SPARSE, SPARSE))),
    "in another order": ((3, 4, 5), Storage((2, 0, 1), (DENSE, SPARSE, SPARSE))),
    "first axis": ((6, 5), Storage((0, 1), (SPARSE, DENSE))),
    "blocks of 1x4": ((6, 8), Storage((0, 1, 2), (DENSE, SPARSE, DENSE), {1: 4})),
    "blocks of 2x2": ((4, 8), Storage((0, 1, 2, 3), (DENSE, SPARSE, DENSE, DENSE), {0: 2, 1: 2})),
    "blocks, order": ((4, 8), Storage((1, 0, 3, 2), (SPARSE, SPARSE, DENSE, DENSE), {0: 2, 1: 4})),
    "16 bits": ((2, 300), Storage((0, 1), (DENSE, SPARSE), numbers=np.uint16)),
    "32 bits": ((2, 7), Storage((0, 1), (DENSE, SPARSE), numbers=np.int32)),
    "dense": ((2, 7), Storage((0, 1), (DENSE, DENSE))),
}


def numbers(shape: tuple[int, ...], dtype: Any = np.float32) -> Array:
    rng = np.random.default_rng(3)
    return np.where(rng.random(shape) < 0.3, rng.integers(-99, 99, shape), 0).astype(dtype)


def densified(whole: Array, how: Storage, type_name: str = "") -> bytes:
    """Return a convolution beside whose output is DENSIFY of a sparse constant."""
    q = QParams.per_tensor(0.5, 3) if whole.dtype == np.int8 else None
    dtype = DType.INT8 if whole.dtype == np.int8 else DType.FLOAT32
    tensors = [*conv_tensors(), tensor("sparse", whole.shape, dtype, q)]
    tensors.append(tensor("dense", whole.shape, dtype, q))
    operators = [
        FileOperator("CONV_2D", 3, (0, 1, 2), (3,), "Conv2DOptions", {"StrideH": 1, "StrideW": 1}),
        operator("DENSIFY", [4], [5]),
    ]
    layout = SparseLayout(whole, how, type_name)
    return layout.model("main", tensors, operators, [0], [3, 5])


def loaded(data: bytes, folder: Path) -> Array:
    path = folder / "net.tflite"
    path.write_bytes(data)
    (fixed,) = load(path).graph.fixed
    return fixed.data


@pytest.mark.oracle
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.int8])
def test_what_is_left_out_is_zero(case: str, dtype: Any, tmp_path: Path) -> None:
    shape, how = CASES[case]
    whole = numbers(shape, dtype)
    data = densified(whole, how)
    np.testing.assert_array_equal(loaded(data, tmp_path), whole)
    x = np.zeros((1, 4, 4, 2), np.int8)
    np.testing.assert_array_equal(run_tflite(data, {"x": x})["Densify_output"], whole)


@pytest.mark.parametrize("case", CASES)
def test_half_precision_becomes_float(case: str, tmp_path: Path) -> None:
    shape, how = CASES[case]
    whole = numbers(shape, np.float16)
    np.testing.assert_array_equal(loaded(densified(whole, how, "FLOAT16"), tmp_path), whole)


def test_places_are_counted_by_what_is_stored() -> None:
    """A shape of a few bytes and levels that say the same do not take memory for each place."""
    extent = 1 << 25

    class Level:
        Format = staticmethod(lambda: DENSE)
        DenseSize = staticmethod(lambda: extent)

    class Table:
        DimMetadata = staticmethod(lambda _: Level)
        DimMetadataLength = staticmethod(lambda: 1)

    fields = {"TraversalOrder": [0], "BlockMap": []}
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=f"{extent} stored elements of 4"):
            dense_bytes(np.zeros(4, np.uint8), Table, (extent,), 1, lambda _, name: fields[name])
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.oracle
def test_weights_that_are_sparse_themselves(tmp_path: Path) -> None:
    """A layer of floats reads them without DENSIFY."""
    how = Storage((0, 1), (DENSE, SPARSE))
    tensors = [
        tensor("x", (1, 8), DType.FLOAT32, None),
        tensor("sparse", (5, 8), DType.FLOAT32, None),
        tensor("y", (1, 5), DType.FLOAT32, None),
    ]
    layer = FileOperator("FULLY_CONNECTED", 8, (0, 1), (2,), "FullyConnectedOptions", {})
    data = SparseLayout(numbers((5, 8)), how).model("main", tensors, [layer], [0], [2])
    path = tmp_path / "net.tflite"
    path.write_bytes(data)
    graph = load(path).graph
    x = np.random.default_rng(1).normal(size=(1, 8)).astype(np.float32)
    (ours,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_allclose(ours, run_tflite(data, {"x": x})["y"], rtol=1e-5)


@pytest.mark.parametrize(
    "how",
    [
        Storage((0, 1), (DENSE, SPARSE), {1: 3}),
        Storage((0, 1, 3), (DENSE, SPARSE, DENSE), {1: 4}),
        Storage((0, 1, 2), (DENSE, SPARSE, DENSE), {7: 4}),
    ],
)
def test_what_contradicts_itself_is_told_once(how: Storage, tmp_path: Path) -> None:
    class Odd(SparseLayout):
        def _tensor(self, each: FileTensor) -> int:
            good = Storage((0, 1, 2), (DENSE, SPARSE, DENSE), {1: 4})
            self.how = good if each.name == "sparse" else self.how
            return super()._tensor(each)

        def _sparsity(self, levels: list[tuple[int, list[int], list[int]]]) -> int:
            self.how = how
            return super()._sparsity(levels[: len(how.formats)])

    whole = numbers((6, 8))
    tensors = [*conv_tensors(), tensor("sparse", whole.shape, DType.FLOAT32, None)]
    tensors.append(tensor("dense", whole.shape, DType.FLOAT32, None))
    path = tmp_path / "net.tflite"
    layout = Odd(whole, Storage((0, 1), (DENSE, SPARSE)))
    path.write_bytes(layout.model("m", tensors, [operator("DENSIFY", [4], [5])], [0], [5]))
    with pytest.raises(EdgecError) as caught:
        load(path)
    (problem,) = caught.value.problems()
    assert "DENSIFY" in problem.message
    assert "sparse weights" in problem.message


def _slow(x: Array, w: Array, bias: Array, strides: Sequence[int], *, same: bool) -> Array:
    """Add each pixel's patch by definition (MediaPipe's transpose_conv_bias.cc), in double."""
    (_, h, width, _), (out, kh, kw, _) = x.shape, w.shape
    cuts = [
        max(0, k - (n - 1) % s - 1) if same else 0
        for n, k, s in zip((h, width), (kh, kw), strides, strict=True)
    ]
    rows, columns = (
        s * (n - 1) + k - cut
        for n, k, s, cut in zip((h, width), (kh, kw), strides, cuts, strict=True)
    )
    y = np.zeros((1, rows, columns, out)) + bias
    for i in range(h):
        for j in range(width):
            for a in range(kh):
                for b in range(kw):
                    row = i * strides[0] - cuts[0] // 2 + a
                    column = j * strides[1] - cuts[1] // 2 + b
                    if 0 <= row < rows and 0 <= column < columns:
                        y[0, row, column] += w[:, a, b] @ x[0, i, j].astype(np.float64)
    return y


class _Bias(OddLayout):
    """Writes the operator as MediaPipe's files have it; ``options`` are its bytes."""

    def __init__(self, options: bytes) -> None:
        super().__init__({})
        self.options = options

    def _code(self, code: str, version: int) -> int:
        return self._table(
            "OperatorCode",
            DeprecatedBuiltinCode=32,
            CustomCode=self._text("Convolution2DTransposeBias"),
            Version=version,
            BuiltinCode=32,
        )

    def _operator(self, each: FileOperator, codes: Any) -> int:
        fields = {
            "Inputs": self._numbers(each.inputs, np.int32),
            "Outputs": self._numbers(each.outputs, np.int32),
            "CustomOptions": self.builder.CreateByteVector(self.options),
        }
        return self._table("Operator", **fields)


def transpose_conv_bias(
    kernel: tuple[int, int], strides: tuple[int, int], same: bool, options: bytes | None = None
) -> tuple[bytes, Array, Array]:
    rng = np.random.default_rng(4)
    w = rng.normal(size=(2, *kernel, 3)).astype(np.float32)
    bias = rng.normal(size=2).astype(np.float32)
    tensors = [
        tensor("x", (1, 4, 5, 3), DType.FLOAT32, None),
        constant("w", w),
        constant("b", bias),
        tensor("y", (1, 1, 1, 2), DType.FLOAT32, None),
    ]
    given = np.array([1 if same else 2, strides[1], strides[0]], "<i4").tobytes()
    layout = _Bias(given if options is None else options)
    return layout.model("m", tensors, [operator("CUSTOM", [0, 1, 2], [3])], [0], [3]), w, bias


@pytest.mark.parametrize("kernel", [(2, 2), (3, 3), (1, 4), (5, 2)])
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (2, 3), (3, 1)])
@pytest.mark.parametrize("same", [True, False])
def test_transposed_convolution_with_bias(
    kernel: tuple[int, int], strides: tuple[int, int], same: bool, tmp_path: Path
) -> None:
    data, w, bias = transpose_conv_bias(kernel, strides, same)
    path = tmp_path / "net.tflite"
    path.write_bytes(data)
    graph = load(path).graph
    x = np.random.default_rng(5).normal(size=(1, 4, 5, 3)).astype(np.float32)
    (ours,) = evaluate(graph, {graph.inputs[0]: x}).values()
    wanted = _slow(x, w, bias, strides, same=same)
    assert ours.shape == wanted.shape
    np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (b"", "options of 0 bytes"),
        (np.array([7, 2, 2], "<i4").tobytes(), "padding 7"),
        (np.array([1, 0, 2], "<i4").tobytes(), "strides (2, 0)"),
    ],
)
def test_odd_options_of_it(options: bytes, text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(transpose_conv_bias((2, 2), (2, 2), True, options)[0])
    with pytest.raises(EdgecError) as caught:
        load(path)
    assert text in caught.value.message
