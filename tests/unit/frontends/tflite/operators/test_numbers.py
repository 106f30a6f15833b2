"""TFLite files that compare, select and look up: results are the interpreter's, bit for bit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import constant, file, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, QParams, ValueName, evaluate, verify

RNG = np.random.default_rng(3)
Q, R = QParams.per_tensor(0.05, 3), QParams.per_tensor(0.031, -20)


def load(data: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(data)
    graph = load_tflite(path)
    verify(graph)
    return graph


def one(
    code: str, tensors: Sequence[FileTensor], options: str = "", outputs: int = 1, **fields: Any
) -> bytes:
    """Return a file of one operator, whose last tensors are its outputs."""
    count = len(tensors) - outputs
    made = list(range(count, len(tensors)))
    inputs = [index for index, each in enumerate(tensors[:count]) if each.data is None]
    return file(
        tensors,
        [FileOperator(code, 1, list(range(count)), made, options, fields)],
        inputs,
        made,
    )


def agrees(data: bytes, folder: Path, drawn: Mapping[str, Array]) -> Graph:
    """Compare the import of a file with the interpreter."""
    graph = load(data, folder)
    actual = evaluate(graph, {ValueName(name): each for name, each in drawn.items()})
    for name, wanted in run_tflite(data, drawn).items():
        assert actual[ValueName(name)].tobytes() == wanted.tobytes()
    return graph


def drawn(*shape: int, dtype: type = np.int8) -> Array:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return RNG.integers(low, high + 1, shape).astype(dtype)


RELATIONS = ["EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"]


@pytest.mark.oracle
@pytest.mark.parametrize("code", RELATIONS)
def test_int8_is_compared_by_its_scales(code: str, tmp_path: Path) -> None:
    tensors = [
        tensor("a", (4, 90), DType.INT8, Q),
        tensor("b", (90,), DType.INT8, R),
        tensor("y", (4, 90), DType.BOOL, None),
    ]
    agrees(one(code, tensors), tmp_path, {"a": drawn(4, 90), "b": drawn(90)})


@pytest.mark.parametrize("code", RELATIONS)
def test_scales_that_end_the_interpreter_are_refused(code: str, tmp_path: Path) -> None:
    tensors = [
        tensor("a", (4,), DType.INT8, QParams.per_tensor(1.5)),
        tensor("b", (4,), DType.INT8, Q),
        tensor("y", (4,), DType.BOOL, None),
    ]
    with pytest.raises(EdgecError) as caught:
        load(one(code, tensors), tmp_path)
    assert caught.value.code == "unsupported-quantization"


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["SELECT", "SELECT_V2"])
@pytest.mark.parametrize("dtype", [np.int8, np.int32])
def test_one_truth_value_for_each_row(code: str, dtype: type, tmp_path: Path) -> None:
    """SELECT takes a vector for the first axis, SELECT_V2 broadcasts it along the last."""
    q = Q if dtype is np.int8 else None
    kind = DType(np.dtype(dtype).name)
    tensors = [
        tensor("c", (3,), DType.BOOL, None),
        tensor("a", (3, 3), kind, q),
        tensor("b", (3, 3), kind, q),
        tensor("y", (3, 3), kind, q),
    ]
    inputs = {
        "c": np.array([True, False, True]),
        "a": drawn(3, 3, dtype=dtype),
        "b": drawn(3, 3, dtype=dtype),
    }
    agrees(one(code, tensors), tmp_path, inputs)


@pytest.mark.oracle
def test_an_embedding_is_looked_up(tmp_path: Path) -> None:
    tensors = [
        tensor("i", (5,), DType.INT32, None),
        constant("t", drawn(9, 4), Q),
        tensor("y", (5, 4), DType.INT8, Q),
    ]
    inputs = {"i": np.array([0, 8, 3, 3, 1], np.int32)}
    graph = agrees(one("EMBEDDING_LOOKUP", tensors), tmp_path, inputs)
    assert [node.op.name for node in graph.nodes] == ["gather_rows"]


@pytest.mark.oracle
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_one_hot_rows(axis: int, tmp_path: Path) -> None:
    """A negative place is nowhere, unlike in ONNX."""
    shape = (3, 5) if axis else (5, 3)
    tensors = [
        tensor("i", (3,), DType.INT32, None),
        constant("depth", np.array(5, np.int32)),
        constant("on", np.array(90, np.int8), Q),
        constant("off", np.array(-7, np.int8), Q),
        tensor("y", shape, DType.INT8, Q),
    ]
    inputs = {"i": np.array([4, -1, 2], np.int32)}
    agrees(one("ONE_HOT", tensors, "OneHotOptions", Axis=axis), tmp_path, inputs)


@pytest.mark.oracle
@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
@pytest.mark.parametrize("code", ["ADD", "SUB", "MUL"])
def test_whole_numbers_have_activations_too(code: str, activation: str, tmp_path: Path) -> None:
    tensors = [
        tensor("a", (40,), DType.INT32, None),
        tensor("b", (40,), DType.INT32, None),
        tensor("y", (40,), DType.INT32, None),
    ]
    inputs = {name: RNG.integers(-6, 7, 40).astype(np.int32) for name in "ab"}
    options = f"{code.capitalize()}Options"
    data = one(code, tensors, options, FusedActivationFunction=activation)
    agrees(data, tmp_path, inputs)


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["NEG", "ABS", "SIGN"])
def test_functions_of_one_number(code: str, tmp_path: Path) -> None:
    tensors = [tensor(name, (40,), DType.INT32, None) for name in "xy"]
    agrees(one(code, tensors), tmp_path, {"x": drawn(40, dtype=np.int32)})


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["REDUCE_ANY", "REDUCE_ALL"])
def test_truth_values_together(code: str, tmp_path: Path) -> None:
    tensors = [
        tensor("x", (4, 3), DType.BOOL, None),
        constant("axes", np.array([1], np.int32)),
        tensor("y", (4,), DType.BOOL, None),
    ]
    inputs = {"x": np.array([[1, 1, 1], [0, 1, 0], [0, 0, 0], [1, 0, 1]], np.bool_)}
    agrees(one(code, tensors, "ReducerOptions"), tmp_path, inputs)


@pytest.mark.oracle
def test_borders_of_numbers(tmp_path: Path) -> None:
    tensors = [
        tensor("x", (2, 3), DType.INT32, None),
        constant("pads", np.array([[1, 0], [2, 1]], np.int32)),
        constant("fill", np.array([7], np.int32)),
        tensor("y", (3, 6), DType.INT32, None),
    ]
    agrees(one("PADV2", tensors), tmp_path, {"x": drawn(2, 3, dtype=np.int32)})


@pytest.mark.oracle
def test_places_of_several_axes(tmp_path: Path) -> None:
    tensors = [
        tensor("x", (3, 4, 2), DType.INT8, Q),
        tensor("i", (5, 2), DType.INT32, None),
        tensor("y", (5, 2), DType.INT8, Q),
    ]
    places = np.stack([RNG.integers(0, 3, 5), RNG.integers(0, 4, 5)], axis=1).astype(np.int32)
    agrees(one("GATHER_ND", tensors), tmp_path, {"x": drawn(3, 4, 2), "i": places})


def test_an_int64_input_is_int32_inside(tmp_path: Path) -> None:
    tensors = [
        constant("t", drawn(9, 4), Q),
        tensor("i", (5,), DType.INT64, None),
        tensor("y", (5, 4), DType.INT8, Q),
    ]
    graph = load(one("GATHER", tensors), tmp_path)
    assert graph.types[graph.inputs[0]].dtype is DType.INT32


@pytest.mark.oracle
def test_indices_of_64_bits_are_compared_and_counted(tmp_path: Path) -> None:
    """ARG_MAX gives int64 in this file; what follows computes in it."""
    tensors = [
        tensor("x", (3, 9), DType.INT8, Q),
        constant("axis", np.array(1, np.int32)),
        tensor("i", (3,), DType.INT64, None),
        constant("four", np.array(4, np.int64)),
        tensor("less", (3,), DType.BOOL, None),
        tensor("sum", (3,), DType.INT64, None),
        tensor("half", (3,), DType.INT64, None),
        tensor("y", (3,), DType.INT32, None),
    ]
    types = {"InDataType": "INT64", "OutDataType": "INT32"}
    operators = [
        FileOperator("ARG_MAX", 1, [0, 1], [2], "ArgMaxOptions", {"OutputType": "INT64"}),
        FileOperator("LESS", 1, [2, 3], [4], "", {}),
        FileOperator("ADD", 1, [2, 3], [5], "AddOptions", {"FusedActivationFunction": "NONE"}),
        FileOperator("SELECT", 1, [4, 2, 5], [6], "", {}),
        FileOperator("CAST", 1, [6], [7], "CastOptions", types),
    ]
    agrees(file(tensors, operators, [0], [4, 7]), tmp_path, {"x": drawn(3, 9)})


def test_a_convolution_of_whole_numbers_is_refused_by_its_tensor(tmp_path: Path) -> None:
    tensors = [
        tensor("x", (1, 4), DType.INT32, None),
        tensor("y", (1, 4), DType.INT32, None),
    ]
    with pytest.raises(EdgecError) as caught:
        load(one("SOFTMAX", tensors), tmp_path)
    assert "int32" in str(caught.value)


def test_places_of_true_values_are_refused_by_name(tmp_path: Path) -> None:
    y = tensor("y", (2, 1), DType.INT64, None)
    with pytest.raises(EdgecError) as caught:
        load(one("WHERE", [tensor("c", (3,), DType.BOOL, None), y]), tmp_path)
    assert caught.value.code == "unsupported-operator"
    assert "WHERE" in str(caught.value)


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["CONCATENATION", "PACK"])
def test_constants_of_64_bits_beside_computed_numbers(code: str, tmp_path: Path) -> None:
    """What is computed has 32 bits inside, and so have the constants beside it."""
    joined = (4, 3) if code == "CONCATENATION" else (2, 2, 3)
    tensors = [
        tensor("x", (2, 3), DType.FLOAT32, None),
        tensor("whole", (2, 3), DType.INT64, None),
        constant("known", np.arange(6).reshape(2, 3), None),
        tensor("joined", joined, DType.INT64, None),
        tensor("y", joined, DType.FLOAT32, None),
    ]
    types = {"InDataType": "FLOAT32", "OutDataType": "INT64"}
    fields = {"Axis": 0} | ({"ValuesCount": 2} if code == "PACK" else {})
    options = "PackOptions" if code == "PACK" else "ConcatenationOptions"
    operators = [
        FileOperator("CAST", 1, [0], [1], "CastOptions", types),
        FileOperator(code, 1, [1, 2], [3], options, fields),
        FileOperator("CAST", 1, [3], [4], "CastOptions", {k: types[v] for k, v in _TURNED.items()}),
    ]
    x = np.array([[0.5, -7.25, 3.0], [9.75, -1.5, 2.0]], np.float32)
    agrees(file(tensors, operators, [0], [4]), tmp_path, {"x": x})


_TURNED = {"InDataType": "OutDataType", "OutDataType": "InDataType"}
