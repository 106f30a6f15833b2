"""uint8 and int32 at the door of TFLite files, against the interpreter, byte for byte."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle
from tflite_files import (
    CONV,
    assert_equal,
    constant,
    conv,
    file,
    imported,
    operator,
    q,
    tensor,
    weights,
)

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, QParams, ValueName

U8, I8, I16, I32 = DType.UINT8, DType.INT8, DType.INT16, DType.INT32
SHAPE = (1, 4, 4, 2)
Q8 = QParams.per_tensor(0.5, 3)


def quantize(source: int, target: int) -> FileOperator:
    return FileOperator("QUANTIZE", 1, [source], [target], "", {})


def reshape(source: int, shape: int, target: int) -> FileOperator:
    return FileOperator("RESHAPE", 1, [source, shape], [target], "", {})


def around(x: FileTensor, y: FileTensor) -> bytes:
    """Return a convolution on int8 behind and before conversions of ``x`` and to ``y``."""
    inner = [tensor("xi", SHAPE), weights(), constant("b", np.arange(2, dtype=np.int32))]
    tensors = [x, *inner, tensor("yi", SHAPE), y]
    operators = [quantize(0, 1), conv(inputs=[1, 2, 3], outputs=[4]), quantize(4, 5)]
    return file(tensors, operators, [0], [5])


@pytest.mark.oracle
@settings(max_examples=25, deadline=None)
@given(
    scales=st.tuples(st.floats(0.002, 4.0), st.floats(0.02, 90.0)),
    zeros=st.tuples(st.integers(0, 255), st.integers(0, 255)),
)
def test_any_scale_and_zero_point(
    scales: tuple[float, float], zeros: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    x = tensor("x", SHAPE, U8, q(scales[0], zeros[0]))
    y = tensor("y", SHAPE, U8, q(scales[1], zeros[1]))
    graph = assert_equal(around(x, y), tmp_path_factory.mktemp("any"))
    assert [graph.types[v].dtype for v in (*graph.inputs, *graph.outputs)] == [U8, U8]


@pytest.mark.oracle
def test_a_shift_is_one_node_and_a_copy_none(tmp_path: Path) -> None:
    x, y = tensor("x", SHAPE, U8, q(0.5, 131)), tensor("y", SHAPE, U8, q(0.5, 131))
    graph = assert_equal(around(x, y), tmp_path)
    assert [node.op.name for node in graph.nodes] == ["quantize", "conv2d", "quantize"]


def moved_before() -> bytes:
    """A uint8 image is reshaped before it is quantized, another one goes out as it came."""
    flat = constant("s", np.array(SHAPE, np.int32))
    tensors = [
        tensor("x", (1, 32), U8, q(0.02, 9)),
        flat,
        tensor("r", SHAPE, U8, q(0.02, 9)),
        tensor("y", SHAPE, I8, q(0.03, -7)),
        tensor("through", (3,), U8, q(1.0)),
    ]
    return file(tensors, [reshape(0, 1, 2), quantize(2, 3)], [0, 4], [3, 4])


def several_inputs() -> bytes:
    """uint8, int16 and int32 inputs become int8, and all are joined."""
    inputs = [
        tensor("a", (1, 6), U8, q(0.02, 140)),
        tensor("b", (1, 6), I16, q(0.0003)),
        tensor("c", (1, 6), I32, q(1e-6, 5)),
    ]
    inner = [tensor(name, (1, 6), I8, Q8) for name in "def"]
    fields = {"Axis": 1, "FusedActivationFunction": "NONE"}
    join = FileOperator("CONCATENATION", 2, [3, 4, 5], [6], "ConcatenationOptions", fields)
    tensors = [*inputs, *inner, tensor("y", (1, 18), I8, Q8)]
    return file(tensors, [*(quantize(i, i + 3) for i in range(3)), join], [0, 1, 2], [6])


def pool_in_uint8() -> bytes:
    """A pool in uint8, whose result goes out twice: as it is, and in another scale."""
    fields = {"Padding": "VALID", "StrideH": 2, "StrideW": 2, "FilterHeight": 2, "FilterWidth": 2}
    fields |= {"FusedActivationFunction": "NONE"}
    pool = FileOperator("MAX_POOL_2D", 1, [0], [1], "Pool2DOptions", fields)
    kind = ((1, 2, 2, 2), U8, q(0.1, 77))
    tensors = [tensor("x", SHAPE, U8, q(0.1, 77)), tensor("y", *kind)]
    tensors.append(tensor("z", (1, 2, 2, 2), U8, q(0.2, 3)))
    return file(tensors, [pool, quantize(1, 2)], [0], [1, 2])


def wide_output() -> bytes:
    """int16 goes out as int32."""
    tensors = [tensor("x", SHAPE, I16, q(0.01)), tensor("y", SHAPE, I32, q(0.0007, 3))]
    return file(tensors, [quantize(0, 1)], [0], [1])


@pytest.mark.oracle
@pytest.mark.parametrize("made", [moved_before, several_inputs, pool_in_uint8, wide_output])
def test_equals_the_interpreter(made: Callable[[], bytes], tmp_path: Path) -> None:
    assert_equal(made(), tmp_path)


def float_network(x: FileTensor, code: str, **options: Any) -> bytes:
    """Return a float convolution of an integer input that ``code`` makes floats of."""
    rng = np.random.default_rng(0)
    w = rng.standard_normal((2, 3, 3, 2)).astype(np.float32)
    real = [tensor(name, SHAPE, DType.FLOAT32, None) for name in ("xf", "y")]
    first = FileOperator(code, 1, [0], [1], options.pop("table", ""), options)
    tensors = [x, real[0], constant("w", w), constant("b", np.zeros(2, np.float32)), real[1]]
    options = CONV | {"FusedActivationFunction": "NONE"}
    layer = FileOperator("CONV_2D", 1, [1, 2, 3], [4], "Conv2DOptions", options)
    return file(tensors, [first, layer], [0], [4])


CAST = {"table": "CastOptions", "OutDataType": "FLOAT32"}


@pytest.mark.parametrize(
    ("x", "code", "options"),
    [
        (tensor("x", SHAPE, U8, q(0.02, 9)), "DEQUANTIZE", {}),
        (tensor("x", SHAPE, U8, None), "CAST", {**CAST, "InDataType": "UINT8"}),
        (tensor("x", SHAPE, I32, None), "CAST", {**CAST, "InDataType": "INT32"}),
        (tensor("x", SHAPE, I8, None), "CAST", {**CAST, "InDataType": "INT8"}),
    ],
    ids=str,
)
def test_a_float_model_keeps_its_door(
    x: FileTensor, code: str, options: Mapping[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(float_network(x, code, **options))
    graph = load_tflite(path)
    assert [node.op.name for node in graph.nodes] == ["conv2d"]
    door = graph.doors[ValueName("x")]
    assert (door.dtype, door.qparams) == (x.kind.dtype, x.kind.qparams or q(1.0))


REFUSED: Sequence[tuple[DType, DType, str]] = (
    (I16, U8, "QUANTIZE makes uint8 'y' of int16 'x'"),
    (I32, U8, "QUANTIZE makes uint8 'y' of int32 'x'"),
    (U8, I16, "QUANTIZE makes int16 'y' of uint8 'x'"),
    (I8, I32, "QUANTIZE makes int32 'y' of int8 'x'"),
    (I32, I32, "QUANTIZE makes int32 'y' of int32 'x'"),
)


@pytest.mark.parametrize(("source", "target", "message"), REFUSED)
def test_what_the_interpreter_refuses_is_refused_by_name(
    source: DType, target: DType, message: str, tmp_path: Path
) -> None:
    tensors = [tensor("x", SHAPE, source, q(0.5)), tensor("y", SHAPE, target, q(0.5))]
    data = file(tensors, [quantize(0, 1)], [0], [1])
    with pytest.raises((RuntimeError, ValueError), match="QUANTIZE"):
        Oracle(data)
    with pytest.raises(EdgecError) as caught:
        imported(data, tmp_path)
    assert caught.value.code in {"unsupported-tensor", "unsupported-quantization"}
    assert message in str(caught.value)


def test_uint8_without_a_scale_is_refused(tmp_path: Path) -> None:
    data = file(
        [tensor("x", SHAPE, U8, None), tensor("y", SHAPE)], [operator("RELU", [0], [1])], [0], [1]
    )
    with pytest.raises(EdgecError, match="uint8 with no scale"):
        imported(data, tmp_path)


def mask(narrow: DType, kind: str) -> bytes:
    """Return what tf.cast(..., tf.uint8) writes at the end of a segmentation or image model."""
    x = tensor("x", (1, 4, 4, 5), DType.INT8, q(0.5, -128))
    axis, limit = (
        constant("axis", np.array(3, np.int32)),
        constant("limit", np.array([3], np.int8), x.kind.qparams),
    )
    if kind == "labels":
        made = tensor("made", (1, 4, 4), DType.INT64, None)
        first = FileOperator("ARG_MAX", 2, [0, 1], [2], "ArgMaxOptions", {"OutputType": "INT64"})
    elif kind == "truth":
        made = tensor("made", (1, 4, 4, 5), DType.BOOL, None)
        axis = limit
        first = FileOperator("GREATER", 2, [0, 1], [2], "", {})
    else:
        made = tensor("made", (1, 4, 4, 5), DType.FLOAT32, None)
        first = FileOperator("DEQUANTIZE", 2, [0], [2], "", {})
    narrowed = tensor("narrowed", made.kind.shape, narrow, None)
    shape = constant("shape", np.array([1, 4, -1, 1], np.int32))
    y = tensor("y", (1, 4, made.kind.elements // 4, 1), narrow, None)
    cast = FileOperator("CAST", 1, [2], [3], "", {})
    view = FileOperator("RESHAPE", 1, [3, 4], [5], "", {})
    return file([x, axis, made, narrowed, shape, y], [first, cast, view], [0], [5])


@pytest.mark.oracle
@pytest.mark.parametrize("narrow", [DType.UINT8, DType.INT8, DType.INT16])
@pytest.mark.parametrize("kind", ["labels", "truth", "reals"])
def test_masks_and_images_without_a_scale(narrow: DType, kind: str, tmp_path: Path) -> None:
    graph = assert_equal(mask(narrow, kind), tmp_path)
    (y,) = graph.outputs
    assert (graph.types[y].dtype, graph.types[y].qparams) == (narrow, None)


def test_numbers_of_few_bits_that_are_computed_with_are_refused(tmp_path: Path) -> None:
    x, axis = tensor("x", (1, 4, 4, 5)), constant("axis", np.array(3, np.int32))
    made = tensor("made", (1, 4, 4), DType.INT32, None)
    narrowed, y = (tensor(n, (1, 4, 4), DType.UINT8, None) for n in ("narrowed", "y"))
    first = FileOperator("ARG_MAX", 2, [0, 1], [2], "ArgMaxOptions", {"OutputType": "INT32"})
    cast, add = (
        FileOperator("CAST", 1, [2], [3], "", {}),
        FileOperator("ADD", 1, [3, 3], [4], "", {}),
    )
    path = tmp_path / "model.tflite"
    path.write_bytes(file([x, axis, made, narrowed, y], [first, cast, add], [0], [4]))
    with pytest.raises(EdgecError, match="CAST uses 'narrowed', which is uint8 with no scale"):
        load_tflite(path)
