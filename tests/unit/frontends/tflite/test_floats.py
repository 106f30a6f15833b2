"""Float TFLite models, however their weights are stored: the same graph as with float32 weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
from oracle import run_tflite
from tflite_files import Change, constant, conv, conv_tensors, file, operator, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, QParams, TensorType, evaluate, verify

SHAPE = (2, 3, 3, 2)
RNG = np.random.default_rng(5)
X = RNG.normal(size=(1, 4, 4, 2)).astype(np.float32)
BIAS = np.array([0.5, -1.0], np.float32)
HALVES = RNG.normal(size=SHAPE).astype(np.float16)
BYTES = RNG.integers(-127, 128, SHAPE).astype(np.int8)
PER_CHANNEL = QParams.per_channel([0.25, 0.0625], 0)


def load(data: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(data)
    graph = load_tflite(path)
    verify(graph)
    return graph


def floats(stored: FileTensor, *others: FileTensor) -> list[FileTensor]:
    """Return the tensors of a float convolution with these weights."""
    x, y = (tensor(name, (1, 4, 4, 2), DType.FLOAT32, None) for name in "xy")
    return [x, stored, constant("b", BIAS), y, *others]


def halves(_: object, fields: dict[str, Any]) -> dict[str, Any]:
    """Turn a constant of bytes into float16."""
    layout: Any = _
    if fields["Type"] != tflite.TensorType.UINT8:
        return fields
    shape = layout._numbers(SHAPE, np.int32)
    return fields | {"Type": tflite.TensorType.FLOAT16, "Shape": shape}


def convolved(weights: Array, folder: Path) -> Array:
    """Return what the interpreter makes of float32 weights."""
    model = file(floats(constant("w", weights.astype(np.float32))))
    result: Array = run_tflite(model, {"x": X})["y"]
    return result


def result(graph: Graph) -> Array:
    assert [node.op.name for node in graph.nodes] == ["conv2d"]
    return evaluate(graph, {graph.inputs[0]: X})[graph.outputs[0]]


@pytest.mark.oracle
def test_float32(tmp_path: Path) -> None:
    model = file(floats(constant("w", HALVES.astype(np.float32))))
    np.testing.assert_allclose(
        result(load(model, tmp_path)), convolved(HALVES, tmp_path), rtol=1e-4, atol=1e-5
    )


@pytest.mark.oracle
def test_float16_behind_dequantize(tmp_path: Path) -> None:
    raw = constant("w16", HALVES.reshape(-1).view(np.uint8).copy())
    tensors = floats(tensor("w", SHAPE, DType.FLOAT32, None), raw)
    model = file(tensors, [operator("DEQUANTIZE", [4], [1]), conv()], Tensor=halves)
    np.testing.assert_allclose(
        result(load(model, tmp_path)), convolved(HALVES, tmp_path), rtol=1e-4, atol=1e-5
    )


@pytest.mark.oracle
@pytest.mark.parametrize("q", [QParams.per_tensor(0.125, -3), PER_CHANNEL], ids=str)
def test_int8_behind_dequantize(q: QParams, tmp_path: Path) -> None:
    tensors = floats(tensor("w", SHAPE, DType.FLOAT32, None), constant("w8", BYTES, q))
    model = file(tensors, [operator("DEQUANTIZE", [4], [1]), conv()])
    expected = convolved(real(BYTES, q), tmp_path)
    np.testing.assert_allclose(result(load(model, tmp_path)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.oracle
@pytest.mark.parametrize("q", [QParams.per_tensor(0.125), PER_CHANNEL], ids=str)
def test_dynamic_range(q: QParams, tmp_path: Path) -> None:
    """An operator on floats that reads int8 weights."""
    model = file(floats(constant("w", BYTES, q)))
    expected = convolved(real(BYTES, q), tmp_path)
    np.testing.assert_allclose(result(load(model, tmp_path)), expected, rtol=1e-4, atol=1e-5)


def test_constants_of_integer_operators_stay(tmp_path: Path) -> None:
    graph = load(file(conv_tensors()), tmp_path)
    assert graph.types[graph.nodes[0].inputs[1]].dtype is DType.INT8


def test_weights_that_integers_and_floats_read_are_rejected(tmp_path: Path) -> None:
    """No converter makes them; what each operator would compute with is unclear."""
    x, w, b, y = conv_tensors()
    fx, fy = (tensor(name, (1, 4, 4, 2), DType.FLOAT32, None) for name in ("fx", "fy"))
    tensors = [x, w, b, y, fx, constant("fb", BIAS), fy]
    operators = [conv(), conv(inputs=(4, 1, 5), outputs=(6,))]
    with pytest.raises(EdgecError) as caught:
        load(file(tensors, operators, inputs=(0, 4), outputs=(3, 6)), tmp_path)
    assert caught.value.code == "unsupported-tensor"


def test_activations_in_float16_are_rejected(tmp_path: Path) -> None:
    tensors = [
        tensor(t.name, (1, 4, 4, 2), DType.UINT8) if t.name in "xy" else t for t in conv_tensors()
    ]

    def activations(layout: Any, fields: dict[str, Any]) -> dict[str, Any]:
        half = fields["Type"] == tflite.TensorType.UINT8
        return fields | ({"Type": tflite.TensorType.FLOAT16} if half else {})

    with pytest.raises(EdgecError) as caught:
        load(file(tensors, Tensor=activations), tmp_path)
    assert {each.code for each in caught.value.problems()} == {"unsupported-tensor"}


def test_half_precision_of_the_wrong_length_is_rejected(tmp_path: Path) -> None:
    raw = constant("w16", HALVES.reshape(-1).view(np.uint8)[:-2].copy())
    tensors = floats(tensor("w", SHAPE, DType.FLOAT32, None), raw)
    with pytest.raises(EdgecError):
        load(file(tensors, [operator("DEQUANTIZE", [4], [1]), conv()], Tensor=halves), tmp_path)


def named(inputs: Sequence[tuple[str, int]], outputs: Sequence[tuple[str, int]]) -> Any:
    """Return a change that gives the model a signature of (name, tensor number)."""

    def change(layout: Any, fields: dict[str, Any]) -> dict[str, Any]:
        def entries(pairs: Sequence[tuple[str, int]]) -> int:
            offsets = [
                layout._table("TensorMap", Name=layout._text(name), TensorIndex=number)
                for name, number in pairs
            ]
            return int(layout._offsets(offsets))

        signature = layout._table("SignatureDef", Inputs=entries(inputs), Outputs=entries(outputs))
        return fields | {"SignatureDefs": layout._offsets([signature])}

    return change


def test_signature_names_are_those_of_inputs_and_outputs(tmp_path: Path) -> None:
    model = file(Model=named([("image", 0)], [("score", 3)]))
    graph = load(model, tmp_path)
    assert (graph.inputs, graph.outputs) == (("image",), ("score",))
    assert graph.nodes[0].name == "score"


def test_a_signature_of_tensors_that_do_not_exist_names_nothing(tmp_path: Path) -> None:
    """TFLite's interpreter runs such a file, and so does edgec."""
    assert load(file(Model=named([("image", 9)], [])), tmp_path).inputs == ("x",)


def real(stored: Array, q: QParams) -> Array:
    scales, zeros = (np.reshape(each, (-1, 1, 1, 1)) for each in (q.scales, q.zero_points))
    return np.asarray(scales * (stored.astype(np.float64) - zeros), np.float32)


def _stored_as(name: str) -> Change:
    """Return a change that calls uint16 tensors by another type of the format."""
    kind = getattr(tflite.TensorType, name)
    return lambda _, f: f | ({"Type": kind} if f["Type"] == tflite.TensorType.UINT16 else {})


@pytest.mark.parametrize("op", ["CAST", "DEQUANTIZE"])
def test_half_precision_weights_behind_a_conversion(op: str, tmp_path: Path) -> None:
    w = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float16)
    tensors = [
        tensor("x", (1, 8), DType.FLOAT32, None),
        constant("half", w.view(np.uint16)),
        tensor("w", (3, 8), DType.FLOAT32, None),
        tensor("y", (1, 3), DType.FLOAT32, None),
    ]
    layer = FileOperator("FULLY_CONNECTED", 1, (0, 2), (3,), "FullyConnectedOptions", {})
    data = file(tensors, [operator(op, [1], [2]), layer], Tensor=_stored_as("FLOAT16"))
    graph = load(data, tmp_path)
    (node,) = graph.nodes
    np.testing.assert_array_equal(graph.constants[node.inputs[1]], w.astype(np.float32))


@pytest.mark.oracle
@pytest.mark.parametrize("columns", [8, 7])
def test_weights_of_four_bits_are_those_of_the_interpreter(columns: int, tmp_path: Path) -> None:
    """Two in a byte, an odd one alone; of int8 layers exactly, of float layers as they are."""
    rng = np.random.default_rng(1)
    w = rng.integers(-8, 8, (3, columns)).astype(np.int8)
    nibbles = np.append(w.reshape(-1), np.zeros(w.size % 2, np.int8)).astype(np.uint8) & 15
    packed = (nibbles[::2] | nibbles[1::2] << 4).astype(np.uint8)
    kind = TensorType((3, columns), DType.UINT16, QParams.per_tensor(0.1))
    tensors = [
        tensor("x", (1, columns), q=QParams.per_tensor(0.05, -3)),
        FileTensor("w", kind, packed),
        tensor("y", (1, 3), q=QParams.per_tensor(0.2, 5)),
    ]
    layer = FileOperator("FULLY_CONNECTED", 9, (0, 1), (2,), "FullyConnectedOptions", {})
    data = file(tensors, [layer], outputs=(2,), Tensor=_stored_as("INT4"))
    graph = load(data, tmp_path)
    x = rng.integers(-128, 128, (1, columns)).astype(np.int8)
    (ours,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_array_equal(ours, run_tflite(data, {"x": x})["y"])
    np.testing.assert_array_equal(graph.constants[graph.nodes[0].inputs[1]], w)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("STRING", "texts"),
        ("FLOAT64", "float32"),
        ("COMPLEX64", "spectrum"),
        ("FLOAT16", "half precision"),
        ("RESOURCE", "--state"),
        ("VARIANT", "unroll"),
        ("UINT32", "full integer"),
        ("INT4", "full integer"),
    ],
)
def test_types_are_refused_by_name(name: str, advice: str, tmp_path: Path) -> None:
    tensors = [tensor("x", (4,), DType.UINT16, None), tensor("y", (4,), DType.UINT16, None)]
    data = file(tensors, [operator("RELU", [0], [1])], outputs=(1,), Tensor=_stored_as(name))
    with pytest.raises(EdgecError) as caught:
        load(data, tmp_path)
    (problem,) = caught.value.problems()
    assert problem.message == f"RELU uses 'x', which is of type {name.lower()}"
    assert advice in problem.help
