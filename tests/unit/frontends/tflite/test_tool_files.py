"""TFLite files as LiteRT's own tools write them: new fields, 4 bits, products of activations."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
from oracle import run_tflite
from tflite_files import (
    constant,
    conv_tensors,
    file,
    fixed,
    operator,
    tensor,
)

from edgec.exporters.flatbuffer import FileOperator
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, QParams, evaluate, verify

RNG = np.random.default_rng(8)
SHAPE = (2, 3, 3, 2)
ROWS = (5, 8)


def load(data: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(data)
    graph = load_tflite(path)
    verify(graph)
    return graph


def test_the_number_of_an_operator_may_be_in_the_new_field_only(tmp_path: Path) -> None:
    """As ai-edge-quantizer writes the DEQUANTIZE that it adds."""
    graph = load(file(OperatorCode=fixed(DeprecatedBuiltinCode=0)), tmp_path)
    assert [node.op.name for node in graph.nodes] == ["conv2d"]


def packed(steps: Array) -> Array:
    """Return two integers of 4 bits in a byte, the first in the lower half."""
    flat = np.append(steps.reshape(-1), [0] * (steps.size % 2)).astype(np.int8).reshape(-1, 2)
    return np.asarray((flat[:, 0] & 15) | (flat[:, 1] << 4)).astype(np.uint8)


def four_bits(shape: tuple[int, ...]) -> Any:
    """Return a change that turns a constant of bytes into one of 4 bits."""

    def change(layout: Any, fields: dict[str, Any]) -> dict[str, Any]:
        if fields["Type"] != tflite.TensorType.UINT8:
            return fields
        return fields | {"Type": tflite.TensorType.INT4, "Shape": layout._numbers(shape, np.int32)}

    return change


@pytest.mark.oracle
def test_weights_of_4_bits(tmp_path: Path) -> None:
    steps = RNG.integers(-8, 8, SHAPE)
    tensors = conv_tensors()
    tensors[1] = constant("w", packed(steps), QParams.per_channel([0.25, 0.125], 0))
    tensors[2] = constant("b", np.array([5, -3], np.int32), QParams.per_channel([0.125, 0.0625], 0))
    data = file(tensors, Tensor=four_bits(SHAPE))
    graph = load(data, tmp_path)
    np.testing.assert_array_equal(graph.constants[graph.nodes[0].inputs[1]], steps)
    x = RNG.integers(-128, 128, (1, 4, 4, 2)).astype(np.int8)
    (actual,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_array_equal(actual, run_tflite(data, {"x": x})["y"])


def test_an_odd_number_of_4_bits(tmp_path: Path) -> None:
    steps, shape = RNG.integers(-8, 8, (3, 3)), (3, 3)
    q = QParams.per_tensor(0.5, 0)
    x, y = (tensor(name, shape, DType.FLOAT32, None) for name in "xy")
    floats = tensor("w", shape, DType.FLOAT32, None)
    tensors = [x, constant("steps", packed(steps), q), floats, y]
    options = {"FusedActivationFunction": "NONE"}
    operators = [
        operator("DEQUANTIZE", [1], [2]),
        FileOperator("MUL", 1, [0, 2], [3], "MulOptions", options),
    ]
    graph = load(file(tensors, operators, Tensor=four_bits(shape)), tmp_path)
    ones = np.ones(shape, np.float32)
    (actual,) = evaluate(graph, {graph.inputs[0]: ones}).values()
    np.testing.assert_array_equal(actual, steps * np.float32(0.5))


def dense(inputs: list[int], activation: str = "NONE", *, keep: bool = False) -> FileOperator:
    options = {
        "FusedActivationFunction": activation,
        "KeepNumDims": keep,
        "WeightsFormat": "DEFAULT",
        "AsymmetricQuantizeInputs": False,
    }
    version = 5 if keep else 4
    return FileOperator("FULLY_CONNECTED", version, inputs, [3], "FullyConnectedOptions", options)


@pytest.mark.oracle
@pytest.mark.parametrize("activation", ["NONE", "RELU"])
@pytest.mark.parametrize("bias", [False, True])
def test_weights_that_are_computed(activation: str, bias: bool, tmp_path: Path) -> None:
    """LiteRT Torch writes the product of queries and keys so."""
    x, keys = (tensor(name, ROWS, DType.FLOAT32, None) for name in ("x", "keys"))
    b = constant("b", RNG.normal(size=ROWS[0]).astype(np.float32))
    y = tensor("y", (ROWS[0], ROWS[0]), DType.FLOAT32, None)
    layer = dense([0, 1, 2 if bias else -1], activation)
    data = file([x, keys, b, y], [operator("RELU", [0], [1]), layer])
    sample = {"x": RNG.normal(size=ROWS).astype(np.float32)}
    graph = load(data, tmp_path)
    (actual,) = evaluate(graph, {graph.inputs[0]: sample["x"]}).values()
    np.testing.assert_allclose(actual, run_tflite(data, sample)["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.oracle
def test_integer_weights_that_are_computed(tmp_path: Path) -> None:
    q, made = QParams.per_tensor(0.05, 3), QParams.per_tensor(0.04, -7)
    tensors = [
        tensor("x", ROWS, DType.INT8, q),
        tensor("keys", ROWS, DType.INT8, q),
        tensor("unused", (1,), DType.INT32, q),
        tensor("y", (ROWS[0], ROWS[0]), DType.INT8, made),
    ]
    data = file(tensors, [operator("RELU", [0], [1]), dense([0, 1, -1])])
    x = RNG.integers(-128, 128, ROWS).astype(np.int8)
    graph = load(data, tmp_path)
    (actual,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_array_equal(actual, run_tflite(data, {"x": x})["y"])
