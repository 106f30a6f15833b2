"""TFLite files of one operator that moves elements: edgec's import against the interpreter."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import constant, file, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, Graph, QParams, ValueName, evaluate

Shape = tuple[int, ...]
X = np.arange(-60, 60, dtype=np.int8).reshape(2, 3, 4, 5)


def one_operator(
    code: str,
    constants: Sequence[Any] = (),
    outputs: Sequence[Shape] = ((1,),),
    *,
    options: str = "",
    order: Sequence[int] | None = None,
    dtype: DType = DType.INT8,
    copies: int = 1,
    version: int = 1,
    **fields: Any,
) -> bytes:
    """Return a file: input X (``copies`` times), constants of int32, outputs of stated shapes.

    ``order`` permutes the operator's inputs.
    """
    arrays = [constant(f"c{i}", np.asarray(each, np.int32)) for i, each in enumerate(constants)]
    q = {} if dtype is DType.INT8 else {"q": None}
    results = [tensor(f"y{i}", shape, dtype, **q) for i, shape in enumerate(outputs)]
    inputs = [0] * copies + list(range(1, 1 + len(arrays)))
    inputs = inputs if order is None else [inputs[place] for place in order]
    numbers = range(1 + len(arrays), 1 + len(arrays) + len(results))
    operator = FileOperator(code, version, inputs, numbers, options, fields)
    return file([tensor("x", X.shape), *arrays, *results], [operator], [0], numbers)


def agree(
    folder: Path, code: str, constants: Sequence[Any] = (), *, outputs: int = 1, **how: Any
) -> None:
    """Compare all outputs. The file states the shapes that edgec infers, and TFLite checks them."""
    graph = imported(one_operator(code, constants, [(1,)] * outputs, **how), folder)
    shapes = [graph.types[name].shape for name in graph.outputs]
    data = one_operator(code, constants, shapes, **how)
    ours = evaluate(imported(data, folder), {ValueName("x"): X})
    theirs = run_tflite(data, {"x": X})
    for name, shape in zip(graph.outputs, shapes, strict=True):
        assert theirs[name].shape == shape
        assert ours[name].tobytes() == theirs[name].tobytes()


def imported(data: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(data)
    return load_tflite(path)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("vectors", "masks"),
    [
        (([0, 0, 0, 0], [2, 3, 4, 5], [1, 1, 1, 1]), {}),
        (([0, 1, 1, 0], [2, 3, 3, 4], [1, 1, 1, 2]), {}),
        (([1, 1], [2, 3], [1, 1]), {}),
        (([1, 2, 3, 4], [-9, -9, -9, -9], [-1, -2, -1, -3]), {}),
        (([-1, -2, -3, -4], [9, 9, 9, 9], [1, 1, 2, 1]), {}),
        (([1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]), {"BeginMask": 15, "EndMask": 15}),
        (([1, 1, 1, 1], [2, 2, 2, 2], [1, 1, 1, 1]), {"BeginMask": 5, "EndMask": 10}),
        (([0, 2, 0, 0], [0, 0, 0, 0], [1, -1, 1, -2]), {"BeginMask": 13, "EndMask": 15}),
        (([1, -1], [2, 0], [1, 1]), {"ShrinkAxisMask": 3}),
        (([0, -1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]),
         {"BeginMask": 13, "EndMask": 13, "ShrinkAxisMask": 2}),
        (([0, 1], [0, 3], [1, 1]), {"EllipsisMask": 1}),
        (([1, 0, 1], [2, 0, 3], [1, 1, 1]), {"EllipsisMask": 2}),
        (([0, 1, 1], [0, 2, 3], [1, 1, 1]), {"NewAxisMask": 1}),
        (([1, 0, 0], [2, 0, 4], [1, 1, 1]), {"NewAxisMask": 2, "ShrinkAxisMask": 1}),
    ],
    ids=str,
)  # fmt: skip
def test_strided_slice(
    vectors: tuple[Sequence[int], ...], masks: dict[str, int], tmp_path: Path
) -> None:
    agree(tmp_path, "STRIDED_SLICE", vectors, options="StridedSliceOptions", **masks)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("code", "constants", "options", "fields"),
    [
        ("SLICE", [[1, 0, 2, 0], [1, 3, -1, 5]], "", {}),
        ("SLICE", [[0, 0, 0, 0], [-1, -1, -1, -1]], "", {}),
        ("REVERSE_V2", [[2]], "", {}),
        ("REVERSE_V2", [[-1]], "", {}),
        ("GATHER", [[2, 0, 2]], "GatherOptions", {"Axis": 1}),
        ("GATHER", [[[2, 0], [1, 1]]], "GatherOptions", {"Axis": -2}),
        ("GATHER", [1], "GatherOptions", {"Axis": 3}),
        ("GATHER_ND", [[[0, 1], [1, 2]]], "", {}),
        ("GATHER_ND", [[[0], [1], [0]]], "", {}),
        ("GATHER_ND", [[1, 2, 3, 4]], "", {}),
        ("TILE", [[1, 2, 1, 3]], "", {}),
        ("BROADCAST_TO", [[2, 2, 3, 4, 5]], "", {"version": 2}),
        ("DEPTH_TO_SPACE", [], "DepthToSpaceOptions", {"BlockSize": 1}),
        ("RESIZE_NEAREST_NEIGHBOR", [[7, 3]], "ResizeNearestNeighborOptions", {}),
        ("RESIZE_BILINEAR", [[7, 3]], "ResizeBilinearOptions", {"AlignCorners": True}),
    ],
    ids=str,
)
def test_one_output(
    code: str,
    constants: Sequence[Any],
    options: str,
    fields: dict[str, Any],
    tmp_path: Path,
) -> None:
    agree(tmp_path, code, constants, options=options, **fields)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("code", "constants", "order", "outputs", "options", "fields"),
    [
        ("SPLIT", [2], (1, 0), 2, "SplitOptions", {"NumSplits": 2}),
        ("SPLIT", [-3], (1, 0), 3, "SplitOptions", {"NumSplits": 3}),
        ("SPLIT_V", [[1, 4], 3], (0, 1, 2), 2, "SplitVOptions", {"NumSplits": 2}),
        ("SPLIT_V", [[1, -1, 1], 1], (0, 1, 2), 3, "SplitVOptions", {"NumSplits": 3}),
        ("UNPACK", [], (0,), 3, "UnpackOptions", {"Num": 3, "Axis": 1}),
        ("UNPACK", [], (0,), 5, "UnpackOptions", {"Num": 5, "Axis": -1}),
    ],
    ids=str,
)
def test_several_outputs(
    code: str,
    constants: Sequence[Any],
    order: Sequence[int],
    outputs: int,
    options: str,
    fields: dict[str, Any],
    tmp_path: Path,
) -> None:
    agree(tmp_path, code, constants, outputs=outputs, options=options, order=order, **fields)


@pytest.mark.oracle
@pytest.mark.parametrize("axis", [0, 2, 4, -1])
def test_pack(axis: int, tmp_path: Path) -> None:
    agree(tmp_path, "PACK", options="PackOptions", copies=2, ValuesCount=2, Axis=axis)


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["ARG_MAX", "ARG_MIN"])
@pytest.mark.parametrize("dtype", [DType.INT32, DType.INT64])
def test_arg_max(code: str, dtype: DType, tmp_path: Path) -> None:
    options = {"ARG_MAX": "ArgMaxOptions", "ARG_MIN": "ArgMinOptions"}[code]
    agree(tmp_path, code, [-2], dtype=dtype, options=options, OutputType=dtype.name)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (one_operator("STRIDED_SLICE", ([0], [2], [0]), options="StridedSliceOptions"),
         "operator-misfit"),
        (one_operator("STRIDED_SLICE", ([7], [8], [1]), options="StridedSliceOptions",
                      ShrinkAxisMask=1), "operator-misfit"),
        (one_operator("STRIDED_SLICE", ([0] * 5, [1] * 5, [1] * 5), options="StridedSliceOptions"),
         "operator-misfit"),
        (one_operator("STRIDED_SLICE", ([0], [1], [1]), options="StridedSliceOptions",
                      BeginMask=1, ShrinkAxisMask=1), "unsupported-attribute"),
        (one_operator("SLICE", [[0, 0, 0, 0], [2, 3, 4, 6]]), "operator-misfit"),
        (one_operator("SLICE", [[0, 0], [1, 1]]), "operator-misfit"),
        (one_operator("SLICE", [[0, 0, 0, 0], [2, 3, 0, 5]]), "unsupported-shape"),
        (one_operator("REVERSE_V2", [[4]]), "operator-misfit"),
        (one_operator("GATHER", [[3]], options="GatherOptions", Axis=1), "operator-misfit"),
        (one_operator("GATHER", [[1]], options="GatherOptions", Axis=1, BatchDims=1),
         "unsupported-attribute"),
        (one_operator("TILE", [[1, 2]]), "operator-misfit"),
        (one_operator("SPLIT", [2], [(1,)] * 3, order=(1, 0), options="SplitOptions", NumSplits=3),
         "operator-misfit"),
        (one_operator("UNPACK", [], [(1,)] * 2, options="UnpackOptions", Num=2, Axis=1),
         "operator-misfit"),
        (one_operator("PACK", copies=2, options="PackOptions", ValuesCount=3), "operator-misfit"),
        (one_operator("DEPTH_TO_SPACE", options="DepthToSpaceOptions", BlockSize=2),
         "operator-misfit"),
        (one_operator("SPACE_TO_DEPTH", options="SpaceToDepthOptions", BlockSize=0),
         "operator-misfit"),
        (one_operator("RESIZE_BILINEAR", [[7]], options="ResizeBilinearOptions"),
         "operator-misfit"),
        (one_operator("RESIZE_BILINEAR", [[7, 1 << 20]], options="ResizeBilinearOptions"),
         "model-too-large"),
        (one_operator("RESIZE_BILINEAR", [[7, 7]], options="ResizeBilinearOptions",
                      AlignCorners=True, HalfPixelCenters=True), "unsupported-attribute"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_rejected(data: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        imported(data, tmp_path)
    assert caught.value.code == code


def test_pack_of_different_scales_is_rejected(tmp_path: Path) -> None:
    other = tensor("z", X.shape, q=QParams.per_tensor(0.25, 3))
    operator = FileOperator("PACK", 1, [0, 1], [2], "PackOptions", {"ValuesCount": 2})
    result = tensor("y", (2, *X.shape))
    data = file([tensor("x", X.shape), other, result], [operator], [0, 1], [2])
    with pytest.raises(EdgecError) as caught:
        imported(data, tmp_path)
    assert caught.value.code == "unsupported-quantization"
