"""TFLite files of the 16x8 scheme: read as they are, refused where the scheme is another."""

from pathlib import Path

import numpy as np
import pytest
from ops.case import int16
from oracle import run_tflite
from tflite_files import constant, file, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, Graph, QParams, TensorType, ValueName, evaluate

SHAPE = (1, 4)


def load(content: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(content)
    return load_tflite(path)


def wide(name: str, scale: float, zero_point: int = 0) -> FileTensor:
    return tensor(name, SHAPE, DType.INT16, QParams.per_tensor(scale, zero_point))


def sum_of(code: str, scales: tuple[float, float, float], *, pot: bool) -> bytes:
    tensors = [wide(name, scale) for name, scale in zip("abc", scales, strict=True)]
    fields = {"PotScaleInt16": pot}
    options = f"{code.capitalize()}Options"
    return file(tensors, [FileOperator(code, 3, (0, 1), (2,), options, fields)], (0, 1), (2,))


@pytest.mark.parametrize("code", ["ADD", "SUB"])
@pytest.mark.parametrize(
    ("scales", "pot", "accepted"),
    [
        ((2.0**-12, 2.0**-12, 2.0**-11), True, False),
        ((2.0**-12, 2.0**-12, 2.0**-11), False, True),
        ((2.0**-12, 2.0**-12, 3e-4), True, True),
    ],
    ids=["powers of two", "marked general", "other scales"],
)
def test_sums_of_the_older_rule_are_refused(
    code: str, scales: tuple[float, float, float], *, pot: bool, accepted: bool, tmp_path: Path
) -> None:
    content = sum_of(code, scales, pot=pot)
    if accepted:
        assert load(content, tmp_path).types[ValueName("c")].dtype is DType.INT16
        return
    with pytest.raises(EdgecError, match="powers of two have a rule of their own") as caught:
        load(content, tmp_path)
    assert caught.value.code == "unsupported-quantization"


def test_asymmetric_int16_is_refused(tmp_path: Path) -> None:
    tensors = [wide("x", 1e-3, 5), wide("y", 1e-3)]
    content = file(tensors, [FileOperator("RELU", 2, (0,), (1,), "", {})], (0,), (1,))
    with pytest.raises(EdgecError, match="'x', which is int16 with zero point 5") as caught:
        load(content, tmp_path)
    assert caught.value.code == "unsupported-quantization"


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_a_dense_layer_may_have_either_bias(dtype: type, tmp_path: Path) -> None:
    weights = np.arange(12, dtype=np.int8).reshape(3, 4)
    tensors = [
        wide("x", 1e-3),
        constant("w", weights, QParams.per_tensor(0.01)),
        constant("b", np.arange(3).astype(dtype), QParams.per_tensor(1e-5)),
        tensor("y", (1, 3), DType.INT16, QParams.per_tensor(1e-3)),
    ]
    layer = FileOperator("FULLY_CONNECTED", 7, (0, 1, 2), (3,), "FullyConnectedOptions", {})
    graph = load(file(tensors, [layer], (0,), (3,)), tmp_path)
    assert [graph.types[each].dtype.numpy for each in graph.nodes[0].inputs[2:]] == [dtype]
    assert graph.types[graph.inputs[0]] == int16(SHAPE, 1e-3)


def widened(q: QParams, reader: str = "") -> bytes:
    """Return a softmax of int8 that makes int16 of ``q``, and what reads that."""
    tensors = [tensor("x", (1, 4)), tensor("y", (1, 4), DType.INT16, q)]
    operators = [FileOperator("SOFTMAX", 2, (0,), (1,), "SoftmaxOptions", {"Beta": 1.0})]
    if reader:
        tensors.append(wide("z", 2.0**-15))
        operators.append(FileOperator(reader, 2, (1,), (2,), "", {}))
    return file(tensors, operators, (0,), (len(tensors) - 1,))


WIDE = QParams.per_tensor(2.0**-16, -(2**15))


def test_softmax_of_int8_makes_int16_with_a_zero_point(tmp_path: Path) -> None:
    graph = load(widened(WIDE), tmp_path)
    assert graph.types[graph.outputs[0]] == TensorType((1, 4), DType.INT16, WIDE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (widened(QParams.per_tensor(2.0**-15)), "int8 to int16 with scale=3.05175781e-05 zp=0"),
        (widened(WIDE, "RELU"), "RELU takes int16 'y' with a zero point"),
        (widened(WIDE, "QUANTIZE"), "QUANTIZE takes int16 'y' with a zero point"),
    ],
)
def test_what_else_has_a_zero_point_of_int16_is_refused(
    content: bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(EdgecError) as caught:
        load(content, tmp_path)
    problems = caught.value.problems()
    assert any(message in each.message for each in problems), [each.message for each in problems]
    assert {each.code for each in problems} == {"unsupported-quantization"}


@pytest.mark.oracle
def test_a_depthwise_layer_without_a_bias_adds_up_in_64_bits(tmp_path: Path) -> None:
    """The interpreter does so; a convolution without a bias it adds up in 32 bits."""
    rng = np.random.default_rng(0)
    q = QParams.per_channel([0.01, 0.02, 0.005], 3)
    tensors = [
        tensor("x", (1, 6, 6, 3), DType.INT16, QParams.per_tensor(1e-3)),
        constant("w", rng.integers(-127, 128, (1, 3, 3, 3), dtype=np.int8), q),
        tensor("y", (1, 4, 4, 3), DType.INT16, QParams.per_tensor(1.3e-3)),
    ]
    fields = {"Padding": "VALID", "StrideH": 1, "StrideW": 1, "DepthMultiplier": 1}
    layer = FileOperator("DEPTHWISE_CONV_2D", 5, (0, 1), (2,), "DepthwiseConv2DOptions", fields)
    content = file(tensors, [layer], (0,), (2,))
    graph = load(content, tmp_path)
    x = rng.integers(-32768, 32768, (1, 6, 6, 3)).astype(np.int16)
    (wanted,) = run_tflite(content, {"x": x}, exact=True).values()
    (actual,) = evaluate(graph, {graph.inputs[0]: x}).values()
    assert actual.tobytes() == wanted.tobytes()


NO_STEP = QParams.per_tensor(3.587324068671532e-43)
STEP = QParams.per_tensor(2e-4)


def unrolled(*, bias: int = 0) -> bytes:
    """Return tanh(x + state W) of a state of zeros, as TensorFlow 2.21 unrolls a layer in 16x8."""
    draw = np.random.default_rng(2).integers
    rows = QParams.per_channel([0.01, 0.02, 0.03, 0.04], 0)
    tensors = [
        tensor("x", SHAPE, DType.INT16, STEP),
        constant("extents", np.array(SHAPE, np.int32)),
        constant("zero", np.array(0, np.int16), QParams.per_tensor(0.0)),
        tensor("state", SHAPE, DType.INT16, QParams.per_tensor(0.0)),
        constant("w", draw(-127, 128, (4, 4), np.int8), rows),
        constant("b", np.full(4, bias, np.int64), rows),
        tensor("product", SHAPE, DType.INT16, NO_STEP),
        constant("begin", np.array([0, 1], np.int32)),
        constant("size", np.array([1, 3], np.int32)),
        tensor("gate", (1, 3), DType.INT16, NO_STEP),
        tensor("part", (1, 3), DType.INT16, STEP),
        tensor("scaled", (1, 3), DType.INT16, NO_STEP),
        tensor("sum", (1, 3), DType.INT16, QParams.per_tensor(3e-4)),
        tensor("y", (1, 3), DType.INT16, QParams.per_tensor(2.0**-15)),
    ]
    layer = {"FusedActivationFunction": "NONE", "KeepNumDims": False}
    operators = [
        FileOperator("FILL", 3, (1, 2), (3,), "", {}),
        FileOperator("FULLY_CONNECTED", 9, (3, 4, 5), (6,), "FullyConnectedOptions", layer),
        FileOperator("SLICE", 2, (6, 7, 8), (9,), "", {}),
        FileOperator("SLICE", 2, (0, 7, 8), (10,), "", {}),
        FileOperator("MUL", 4, (10, 9), (11,), "MulOptions", {}),
        FileOperator("ADD", 3, (10, 11), (12,), "AddOptions", {"PotScaleInt16": False}),
        FileOperator("TANH", 3, (12,), (13,), "", {}),
    ]
    return file(tensors, operators, (0,), (13,))


@pytest.mark.oracle
def test_a_state_of_zeros_needs_no_scale(tmp_path: Path) -> None:
    graph = load(unrolled(), tmp_path)
    assert [node.op.name for node in graph.nodes] == ["slice", "add", "tanh"]
    x = np.random.default_rng(3).integers(-(2**15), 2**15, SHAPE).astype(np.int16)
    (wanted,) = run_tflite(unrolled(), {"x": x}, exact=True).values()
    (got,) = evaluate(graph, {ValueName("x"): x}).values()
    np.testing.assert_array_equal(got, wanted)


def test_what_is_not_known_to_be_zero_does(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match=r"'product', which is int16 with scale 3\.58"):
        load(unrolled(bias=1), tmp_path)
