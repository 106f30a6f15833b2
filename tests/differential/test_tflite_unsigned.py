"""Files of the scheme before int8: re-based to int8, with the bytes of the interpreter."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ops.case import Case, case_modules, cases_of
from oracle import Oracle
from tflite_files import assert_equal, constant, file, q, tensor

import edgec.exporters.tflite as exporter
from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.exporters.flatbuffer import FileOperator, FileTensor, layout
from edgec.exporters.unsigned import computes_in_uint8
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, QParams, TensorType

U8 = DType.UINT8
MODULES = case_modules()


def unsigned(each: FileTensor) -> FileTensor:
    """Return a tensor of int8 as the uint8 that is 128 more."""
    kind = each.kind
    if kind.dtype is not DType.INT8 or kind.qparams is None:
        return each
    stated = replace(kind.qparams, zero_points=tuple(z + 128 for z in kind.qparams.zero_points))
    data = None if each.data is None else np.asarray(each.data.view(np.uint8) ^ np.uint8(128))
    return replace(each, kind=TensorType(kind.shape, U8, stated), data=data)


def in_uint8(case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, set[str]]:
    """Return the file that says in uint8 what a case says in int8, and its operators."""
    codes = set[str]()

    def written(
        name: str,
        tensors: Sequence[FileTensor],
        operators: Sequence[FileOperator],
        inputs: Sequence[int],
        outputs: Sequence[int],
    ) -> bytes:
        codes.update(each.code for each in operators)
        return layout(name, [unsigned(each) for each in tensors], operators, inputs, outputs)

    with monkeypatch.context() as patch:
        patch.setattr(exporter, "layout", written)
        return write_tflite(case.graph), codes


def is_in_one_scheme(case: Case) -> bool:
    """Tell whether a case could be of the old scheme: int8, all of it with one scale."""
    kinds = case.graph.types.values()
    one = all(kind.qparams is None or len(kind.qparams.scales) == 1 for kind in kinds)
    types = {kind.dtype for kind in kinds}
    own = any(computes_in_uint8(each.op, case.graph.signature(each)) for each in case.graph.nodes)
    usual = case.oracle and bool(case.graph.inputs) and not own
    return usual and one and DType.INT8 in types <= {DType.INT8, DType.INT32, DType.BOOL}


@pytest.mark.oracle
@pytest.mark.parametrize("module", MODULES)
def test_every_operator_of_the_old_scheme(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the interpreter has in uint8 is equal."""
    wrong = []
    for case in filter(is_in_one_scheme, cases_of(module)):
        data, codes = in_uint8(case, monkeypatch)
        try:
            Oracle(data, exact=True).run({n: _zeros(case, n) for n in case.graph.inputs})
        except (RuntimeError, ValueError):
            continue  # no such operator in uint8
        if "CAST" in codes:  # part of how functions that TFLite lacks are spelled, in int8
            continue
        try:
            assert_equal(data, tmp_path)
        except (AssertionError, EdgecError) as error:
            wrong.append(f"{case}: {str(error)[:200]}")
    assert not wrong, "\n".join(wrong[:9])


def _zeros(case: Case, name: str) -> Array:
    kind = case.graph.types[name]  # type: ignore[index]
    return np.zeros(kind.shape, np.uint8 if kind.qparams else kind.dtype.numpy)


def convolution(code: str, zeros: Sequence[int], scales: Sequence[float], seed: int) -> bytes:
    """Return a layer of the old scheme on [1,5,4,3]: zero points and scales of x, weights and y."""
    rng = np.random.default_rng(seed)
    shapes = {
        "CONV_2D": ((4, 3, 3, 3), (1, 5, 4, 4)),
        "DEPTHWISE_CONV_2D": ((1, 3, 3, 3), (1, 5, 4, 3)),
        "FULLY_CONNECTED": ((4, 60), (1, 4)),
    }
    weights, result = shapes[code]
    w = constant("w", rng.integers(0, 256, weights, np.uint8), q(scales[1], zeros[1]))
    bias = rng.integers(-9000, 9000, result[-1], np.int32)
    b = constant("b", bias, q(scales[0] * scales[1]))
    x = tensor("x", (1, 5, 4, 3), U8, q(scales[0], zeros[0]))
    y = tensor("y", result, U8, q(scales[2], zeros[2]))
    fields = {"FusedActivationFunction": "RELU6"}
    options = "FullyConnectedOptions"
    if code != "FULLY_CONNECTED":
        fields |= {"Padding": "SAME", "StrideH": 1, "StrideW": 1}  # type: ignore[dict-item]
        options = "Conv2DOptions" if code == "CONV_2D" else "DepthwiseConv2DOptions"
    layer = FileOperator(code, 1, [0, 1, 2], [3], options, fields)
    return file([x, w, b, y], [layer], [0], [3])


@pytest.mark.oracle
@settings(max_examples=60, deadline=None)
@given(
    code=st.sampled_from(["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"]),
    zeros=st.tuples(*[st.integers(0, 255)] * 3),
    scales=st.tuples(st.floats(0.001, 0.2), st.floats(0.0005, 0.05), st.floats(0.01, 1.0)),
    seed=st.integers(0, 999),
)
def test_layers_of_any_zero_point(
    code: str,
    zeros: tuple[int, int, int],
    scales: tuple[float, float, float],
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    if scales[0] * scales[1] >= scales[2]:  # TFLite's fast kernels want smaller factors
        scales = (scales[0], scales[1], scales[0] * scales[1] * 2)
    assert_equal(convolution(code, zeros, scales, seed), tmp_path_factory.mktemp("layer"))


def concatenation(quantizations: Sequence[QParams]) -> bytes:
    """Return a CONCATENATION of three inputs; the last quantization is that of the result."""
    inputs = [tensor(f"x{i}", (1, 256), U8, each) for i, each in enumerate(quantizations[:-1])]
    fields = {"Axis": 1, "FusedActivationFunction": "NONE"}
    join = FileOperator("CONCATENATION", 1, [0, 1, 2], [3], "ConcatenationOptions", fields)
    result = tensor("y", (1, 768), U8, quantizations[-1])
    return file([*inputs, result], [join], [0, 1, 2], [3])


@pytest.mark.oracle
@settings(max_examples=40, deadline=None)
@given(
    each=st.lists(
        st.builds(QParams.per_tensor, st.floats(0.01, 0.5), st.integers(0, 255)),
        min_size=4,
        max_size=4,
    ),
    same=st.booleans(),
)
def test_concatenation_rescales(
    each: list[QParams], same: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parts = [*each[:2], each[3], each[3]] if same else each
    assert_equal(concatenation(parts), tmp_path_factory.mktemp("concat"))


def test_weights_that_fit_lose_their_zero_point(tmp_path: Path) -> None:
    """Others keep it: of either kind there is one."""
    for low, zero, kept in ((90, 128, 0), (0, 128, 0), (0, 129, 1), (120, 247, 0), (0, 20, -108)):
        data = np.linspace(low, 255, 36).round().astype(np.uint8).reshape(2, 3, 3, 2)
        x, y = (tensor(n, (1, 4, 4, 2), U8, q(0.1, 7)) for n in "xy")
        w, b = constant("w", data, q(0.01, zero)), constant("b", np.zeros(2, np.int32), q(0.001))
        fields = {"Padding": "SAME", "StrideH": 1, "StrideW": 1, "FusedActivationFunction": "NONE"}
        layer = FileOperator("CONV_2D", 1, [0, 1, 2], [3], "Conv2DOptions", fields)
        path = tmp_path / "model.tflite"
        path.write_bytes(file([x, w, b, y], [layer], [0], [3]))
        graph = load_tflite(path)
        (found,) = (kind for name, kind in graph.types.items() if name == "w")
        assert found.quantization.zero_point == kept
        integers = next(array for name, array in graph.constants.items() if name == "w")
        assert np.array_equal(integers.astype(int) - kept, data.astype(int) - zero)


def test_int8_weights_with_a_zero_point_are_refused(tmp_path: Path) -> None:
    data = np.zeros((2, 3, 3, 2), np.int8)
    x, y = (tensor(n, (1, 4, 4, 2)) for n in "xy")
    w, b = constant("w", data, q(0.01, 3)), constant("b", np.zeros(2, np.int32), q(0.005))
    fields = {"Padding": "SAME", "StrideH": 1, "StrideW": 1, "FusedActivationFunction": "NONE"}
    layer = FileOperator("CONV_2D", 3, [0, 1, 2], [3], "Conv2DOptions", fields)
    path = tmp_path / "model.tflite"
    path.write_bytes(file([x, w, b, y], [layer], [0], [3]))
    with pytest.raises(
        EdgecError, match="CONV_2D has weights with zero point 3, where 0 is needed"
    ):
        load_tflite(path)


def test_numbers_as_they_are_stored_are_refused(tmp_path: Path) -> None:
    """A CAST of uint8 inside a model sees 128 more than the int8 that it has become."""
    x, y = tensor("x", (1, 4), U8, q(0.1, 7)), tensor("y", (1, 4), U8, q(0.2, 7))
    wide = tensor("wide", (1, 4), DType.INT32, None)
    table = FileOperator("LOGISTIC", 1, [0], [1], "", {})
    cast = FileOperator("CAST", 1, [1], [2], "", {})
    path = tmp_path / "model.tflite"
    path.write_bytes(file([x, y, wide], [table, cast], [0], [2]))
    with pytest.raises(EdgecError, match="CAST computes in uint8: the scheme before int8"):
        load_tflite(path)


def resized(height: int, width: int, size: tuple[int, int], *, align: bool, half: bool) -> bytes:
    """Return a RESIZE_BILINEAR of uint8 [1,height,width,3] behind nothing else."""
    x = tensor("x", (1, height, width, 3), U8, q(0.1, 90))
    y = tensor("y", (1, *size, 3), U8, q(0.1, 90))
    fields = {"AlignCorners": align, "HalfPixelCenters": half}
    numbers = constant("size", np.array(size, np.int32))
    resize = FileOperator("RESIZE_BILINEAR", 3, [0, 1], [2], "ResizeBilinearOptions", fields)
    return file([x, numbers, y], [resize], [0], [2])


@pytest.mark.oracle
@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    size=st.tuples(st.integers(1, 33), st.integers(1, 33)),
    grid=st.sampled_from([(False, False), (True, False), (False, True)]),
)
def test_bilinear_resizing_of_any_size(
    height: int,
    width: int,
    size: tuple[int, int],
    grid: tuple[bool, bool],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = resized(height, width, size, align=grid[0], half=grid[1])
    assert_equal(data, tmp_path_factory.mktemp("resize"))


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("zero", "low", "high"), [(128, 0, 255), (20, 0, 255), (0, 0, 255), (255, 0, 255), (0, 0, 9)]
)
def test_transposed_convolutions_of_any_zero_point(
    zero: int, low: int, high: int, tmp_path: Path
) -> None:
    data = np.linspace(low, high, 4 * 3 * 3 * 2).round().astype(np.uint8).reshape(4, 3, 3, 2)
    x, y = tensor("x", (1, 5, 4, 2), U8, q(0.1, 77)), tensor("y", (1, 10, 8, 4), U8, q(0.9, 99))
    shape = constant("shape", np.array([1, 10, 8, 4], np.int32))
    fields = {"Padding": "SAME", "StrideH": 2, "StrideW": 2}
    layer = FileOperator("TRANSPOSE_CONV", 1, [2, 1, 0], [3], "TransposeConvOptions", fields)
    assert_equal(
        file([x, constant("w", data, q(0.01, zero)), shape, y], [layer], [0], [3]), tmp_path
    )


@pytest.mark.oracle
@pytest.mark.parametrize("other", [q(0.1, 7), q(0.23, 100)])
def test_sums_and_comparisons_between_scales(other: QParams, tmp_path: Path) -> None:
    x, z = tensor("x", (1, 4, 3, 2), U8, q(0.1, 7)), tensor("z", (1, 4, 3, 2), U8, other)
    axes = constant("axes", np.array([1, 2], np.int32))
    total = FileOperator("SUM", 1, [0, 1], [2], "ReducerOptions", {"KeepDims": False})
    assert_equal(file([x, axes, tensor("y", (1, 2), U8, other)], [total], [0], [2]), tmp_path)
    truth = tensor("y", (1, 4, 3, 2), DType.BOOL, None)
    for code in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"):
        relation = FileOperator(code, 1, [0, 1], [2], "", {})
        assert_equal(file([x, z, truth], [relation], [0, 1], [2]), tmp_path)
