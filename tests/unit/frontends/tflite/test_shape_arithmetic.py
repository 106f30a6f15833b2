"""TFLite files made without a batch size: shapes computed in the file, dilation by batches."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import constant, file, operator, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.frontends.tflite.shape_arithmetic import FOLDS
from edgec.ir import Array, DType, Graph, QParams, evaluate, verify

RNG = np.random.default_rng(8)
PACK = {"Axis": 0, "ValuesCount": 2}


def load(data: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(data)
    graph = load_tflite(path)
    verify(graph)
    return graph


def ints(name: str, *values: int) -> FileTensor:
    return constant(name, np.array(values, np.int32))


def computed(name: str, *shape: int) -> FileTensor:
    return tensor(name, shape, DType.INT32, None)


def with_options(code: str, ends: Sequence[Sequence[int]], options: str, **f: Any) -> FileOperator:
    return FileOperator(code, 1, ends[0], ends[1], options, f)


def flattened(folder: Path, *, batch: int = 1) -> Graph:
    """Load what Keras writes for Flatten: RESHAPE to [SHAPE(x)[0], -1]."""
    tensors = [
        tensor("x", (batch, 3, 4)),
        computed("shape", 3),
        *(ints(name, value) for name, value in (("from", 0), ("to", 1), ("step", 1))),
        computed("batch"),
        constant("rest", np.array(-1, np.int32)),
        computed("target", 2),
        tensor("y", (batch, 12)),
    ]
    slice_ = with_options(
        "STRIDED_SLICE", [(1, 2, 3, 4), (5,)], "StridedSliceOptions", ShrinkAxisMask=1
    )
    operators = [
        with_options("SHAPE", [(0,), (1,)], "ShapeOptions"),
        slice_,
        with_options("PACK", [(5, 6), (7,)], "PackOptions", **PACK),
        operator("RESHAPE", (0, 7), (8,)),
    ]
    return load(file(tensors, operators, outputs=(8,)), folder)


def test_shapes_are_constants(tmp_path: Path) -> None:
    graph = flattened(tmp_path)
    assert [node.op.name for node in graph.nodes] == ["reshape"]
    assert graph.types[graph.outputs[0]].shape == (1, 12)


def test_products_of_extents_and_filled_tensors_are_constants(tmp_path: Path) -> None:
    """As layer normalization has it: FILL(REDUCE_PROD(SHAPE(x)), 2.0)."""
    tensors = [
        tensor("x", (2, 3), DType.FLOAT32, None),
        computed("shape", 2),
        ints("axes", 0),
        computed("count"),
        ints("one", 1),
        computed("dims", 1),
        constant("two", np.array(2, np.float32)),
        tensor("twos", (1,), DType.FLOAT32, None),  # the file does not know the extent
        ints("form", 2, 3),
        tensor("formed", (2, 3), DType.FLOAT32, None),
        tensor("y", (2, 3), DType.FLOAT32, None),
    ]
    operators = [
        with_options("SHAPE", [(0,), (1,)], "ShapeOptions"),
        with_options("REDUCE_PROD", [(1, 2), (3,)], "ReducerOptions", KeepDims=False),
        operator("RESHAPE", (3, 4), (5,)),
        operator("FILL", (5, 6), (7,)),
        operator("RESHAPE", (7, 8), (9,)),
        with_options("ADD", [(0, 9), (10,)], "AddOptions", FusedActivationFunction="NONE"),
    ]
    graph = load(file(tensors, operators, outputs=(10,)), tmp_path)
    assert [node.op.name for node in graph.nodes] == ["add"]
    x = RNG.normal(size=(2, 3)).astype(np.float32)
    np.testing.assert_array_equal(evaluate(graph, {graph.inputs[0]: x})[graph.outputs[0]], x + 2)


def test_a_fill_of_any_size_is_not_folded(tmp_path: Path) -> None:
    tensors = [
        tensor("x", (1, 2), DType.FLOAT32, None),
        ints("dims", 2**15, 2**15),
        constant("two", np.array(2, np.float32)),
        tensor("twos", (1, 2), DType.FLOAT32, None),
        tensor("y", (1, 2), DType.FLOAT32, None),
    ]
    operators = [
        operator("FILL", (1, 2), (3,)),
        with_options("ADD", [(0, 3), (4,)], "AddOptions", FusedActivationFunction="NONE"),
    ]
    with pytest.raises(EdgecError, match="FILL"):
        load(file(tensors, operators, outputs=(4,)), tmp_path)


W = QParams.per_channel([0.01, 0.02, 0.03], 0)
Y = QParams.per_tensor(0.25, -5)


def layer(taps: tuple[int, int], depth: int) -> list[FileTensor]:
    weights = RNG.integers(-127, 128, (3, *taps, depth)).astype(np.int8)
    bias = RNG.integers(-500, 500, 3).astype(np.int32)
    scales = QParams.per_channel([0.5 * each for each in W.scales], 0)
    return [constant("w", weights, W), constant("b", bias, scales)]


def dilated_plane(
    blocks: tuple[int, int] = (2, 3),
    crops: tuple[tuple[int, int], ...] = ((0, 1), (0, 0)),
    **f: Any,
) -> bytes:
    """Return a 3x3 convolution of [1,9,11,2] within SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND."""
    x, y = (9 + 5, 11 + 4), (14 // blocks[0] - 2, 15 // blocks[1] - 2)
    batch = blocks[0] * blocks[1]
    size = [blocks[i] * y[i] - crops[i][1] for i in (0, 1)]
    tensors = [
        tensor("x", (1, 9, 11, 2)),
        ints("blocks", *blocks),
        constant("pads", np.array([[2, 3], [1, 3]], np.int32)),
        tensor("parts", (batch, x[0] // blocks[0], x[1] // blocks[1], 2)),
        *layer((3, 3), 2),
        tensor("convolved", (batch, *y, 3), q=Y),
        constant("crops", np.array(crops, np.int32)),
        tensor("y", (1, *size, 3), q=Y),
    ]
    conv = {"Padding": "VALID", "StrideH": 1, "StrideW": 1, **f}
    operators = [
        operator("SPACE_TO_BATCH_ND", (0, 1, 2), (3,)),
        with_options("CONV_2D", [(3, 4, 5), (6,)], "Conv2DOptions", **conv),
        operator("BATCH_TO_SPACE_ND", (6, 1, 7), (8,)),
    ]
    return file(tensors, operators, outputs=(8,))


def dilated_line() -> bytes:
    """Return a causal convolution of three taps, two apart, of [1,16,2]."""
    tensors = [
        tensor("x", (1, 16, 2)),
        ints("blocks", 2),
        constant("pads", np.array([[4, 0]], np.int32)),
        tensor("parts", (2, 10, 2)),
        constant("axis", np.array(1, np.int32)),
        tensor("rows", (2, 1, 10, 2)),
        *layer((1, 3), 2),
        tensor("convolved", (2, 1, 8, 3), q=Y),
        ints("form", -1, 8, 3),
        tensor("lines", (2, 8, 3), q=Y),
        constant("crops", np.array([[0, 0]], np.int32)),
        tensor("y", (1, 16, 3), q=Y),
    ]
    conv = {"Padding": "VALID", "StrideH": 1, "StrideW": 1}
    operators = [
        operator("SPACE_TO_BATCH_ND", (0, 1, 2), (3,)),
        operator("EXPAND_DIMS", (3, 4), (5,)),
        with_options("CONV_2D", [(5, 6, 7), (8,)], "Conv2DOptions", **conv),
        operator("RESHAPE", (8, 9), (10,)),
        operator("BATCH_TO_SPACE_ND", (10, 1, 11), (12,)),
    ]
    return file(tensors, operators, outputs=(12,))


def gated_line() -> bytes:
    """Return two causal convolutions that share how their input is split (WaveNet), multiplied."""
    tensors = [
        tensor("x", (1, 16, 2)),
        ints("blocks", 2),
        constant("pads", np.array([[4, 0]], np.int32)),
        tensor("parts", (2, 10, 2)),
        constant("axis", np.array(1, np.int32)),
        tensor("rows", (2, 1, 10, 2)),
        ints("form", -1, 8, 3),
        constant("crops", np.array([[0, 0]], np.int32)),
    ]
    operators = [
        operator("SPACE_TO_BATCH_ND", (0, 1, 2), (3,)),
        operator("EXPAND_DIMS", (3, 4), (5,)),
    ]
    conv = {"Padding": "VALID", "StrideH": 1, "StrideW": 1}
    made = []
    for name in ("filter", "gate"):
        w = len(tensors)
        tensors += [
            *layer((1, 3), 2),
            tensor(f"{name}_convolved", (2, 1, 8, 3), q=Y),
            tensor(f"{name}_lines", (2, 8, 3), q=Y),
            tensor(name, (1, 16, 3), q=Y),
        ]
        operators += [
            with_options("CONV_2D", [(5, w, w + 1), (w + 2,)], "Conv2DOptions", **conv),
            operator("RESHAPE", (w + 2, 6), (w + 3,)),
            operator("BATCH_TO_SPACE_ND", (w + 3, 1, 7), (w + 4,)),
        ]
        made.append(w + 4)
    product = len(tensors)
    tensors.append(tensor("y", (1, 16, 3), q=QParams.per_tensor(2.0, 1)))
    operators.append(with_options("MUL", [tuple(made), (product,)], "MulOptions"))
    return file(tensors, operators, outputs=(product,))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "data", [dilated_plane(), dilated_plane((2, 1)), dilated_line(), gated_line()]
)
def test_dilation_is_that_of_the_interpreter(data: bytes, tmp_path: Path) -> None:
    graph = load(data, tmp_path)
    assert "conv2d" in {node.op.name for node in graph.nodes}
    x: Array = RNG.integers(-128, 128, graph.types[graph.inputs[0]].shape).astype(np.int8)
    (wanted,) = run_tflite(data, {"x": x}, exact=True).values()
    np.testing.assert_array_equal(evaluate(graph, {graph.inputs[0]: x})[graph.outputs[0]], wanted)


@pytest.mark.parametrize(
    "data",
    [
        dilated_plane(crops=((1, 0), (0, 0))),
        dilated_plane(crops=((0, 4), (0, 0))),
        dilated_plane(StrideH=2),
        dilated_plane(Padding="SAME"),
    ],
)
def test_what_is_no_dilation_is_rejected(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        load(data, tmp_path)
    assert {each.code for each in caught.value.problems()} == {"unsupported-operator"}


def _bools(name: str, *shape: int) -> FileTensor:
    return tensor(name, shape, DType.BOOL, None)


def onnx_reshape() -> bytes:
    """Return what onnx-tf writes for a Reshape to (1, -1): zeros of the target are looked up.

    WHERE(target == 0), GATHER there from the shape, SPARSE_TO_DENSE of that, added to the target.
    """
    tensors = [
        tensor("x", (2, 3, 4)),
        computed("shape", 3),
        ints("target", 0, -1),
        ints("zero", 0),
        _bools("is_zero", 2),
        computed("places", 1, 1),
        ints("flat", -1),
        computed("where", 1),
        computed("kept", 1),
        ints("length", 2),
        constant("nothing", np.array(0, np.int32)),
        computed("dense", 2),
        computed("whole", 2),
        tensor("y", (2, 12)),
    ]
    operators = [
        with_options("SHAPE", [(0,), (1,)], "ShapeOptions"),
        operator("EQUAL", (2, 3), (4,)),
        operator("WHERE", (4,), (5,)),
        operator("RESHAPE", (5, 6), (7,)),
        with_options("GATHER", [(1, 7), (8,)], "GatherOptions", Axis=0),
        operator("SPARSE_TO_DENSE", (5, 9, 8, 10), (11,)),
        with_options("ADD", [(2, 11), (12,)], "AddOptions"),
        operator("RESHAPE", (0, 12), (13,)),
    ]
    return file(tensors, operators, outputs=(13,))


def test_zeros_of_a_target_shape_are_looked_up(tmp_path: Path) -> None:
    graph = load(onnx_reshape(), tmp_path)
    assert [node.op.name for node in graph.nodes] == ["reshape"]
    assert graph.types[graph.outputs[0]].shape == (2, 12)


@pytest.mark.parametrize(
    ("code", "operands", "wanted"),
    [
        ("RANGE", [2, 9, 3], [2, 5, 8]),
        ("WHERE", [[True, False, True]], [[0], [2]]),
        ("SPARSE_TO_DENSE", [[1, 2], [4], [7, 8], 3], [3, 7, 8, 3]),
        ("SPARSE_TO_DENSE", [[[0, 1], [1, 0]], [2, 2], [7, 8], 0], [[0, 7], [8, 0]]),
        ("BROADCAST_TO", [5, [3]], [5, 5, 5]),
        ("SELECT_V2", [[True, False], [1, 2], [3, 4]], [1, 4]),
        ("LOGICAL_NOT", [[True, False]], [False, True]),
        ("NEG", [[3, -2]], [-3, 2]),
        ("ABS", [[3, -2]], [3, 2]),
        ("FLOOR_MOD", [[7, -7], [4, 4]], [3, 1]),
        ("REDUCE_PROD", [[3, 5, 2], [0]], 30),
        ("REDUCE_MAX", [[3, 5, 2], [0]], 5),
        ("REDUCE_MIN", [[3, 5, 2], [0]], 2),
        ("REDUCE_ANY", [[False, True], [0]], True),
        ("REDUCE_ALL", [[False, True], [0]], False),
        ("SUM", [[3, 5, 2], [0]], 10),
    ],
)
def test_results_are_those_of_the_operators(code: str, operands: list[Any], wanted: Any) -> None:
    """Source: the operators' definitions in TensorFlow's documentation."""
    np.testing.assert_array_equal(FOLDS[code]([np.asarray(each) for each in operands], {}), wanted)


@pytest.mark.parametrize(
    ("code", "operands"),
    [
        ("RANGE", [0, 1 << 30, 1]),
        ("BROADCAST_TO", [5, [1 << 15, 1 << 15]]),
        ("SPARSE_TO_DENSE", [[0], [1 << 30], [1], 0]),
        ("SPARSE_TO_DENSE", [[-1], [4], [1], 0]),
    ],
)
def test_nothing_is_folded_to_what_is_no_shape(code: str, operands: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"no shape|indices"):
        FOLDS[code]([np.asarray(each) for each in operands], {})
