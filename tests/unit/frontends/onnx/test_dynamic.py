"""Dynamically quantized models become float models with the numbers their weights stand for."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, numpy_helper
from onnx_models import MODELS, assert_close, evaluate_source, random_sample, save, to_source
from onnxruntime.quantization import QuantType, quantize_dynamic
from qdq_models import QdqBuilder

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, ValueName, evaluate
from edgec.pipelines import optimize_float

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(2, 8)).astype(np.float32)
IMAGE = RNG.normal(size=(1, 4, 5, 6)).astype(np.float32)
KINDS = [np.int8, np.uint8]


def loaded(path: Path) -> Graph:
    return optimize_float(load_onnx(path))


def computed(path: Path, x: Array) -> Array:
    graph = loaded(path)
    (result,) = evaluate_source(graph, {graph.inputs[0]: x}).values()
    return result


def weights(b: QdqBuilder, shape: tuple[int, ...], kind: type, slices: int) -> tuple[Array, ...]:
    """Return integers, their zero point and their scale: one for all, or one per slice."""
    data = b.integers(*shape, kind=kind)
    size = () if slices == 1 else (slices,)
    zeros = b.rng.integers(-5, 6, size).astype(np.int64) + (128 if kind is np.uint8 else 0)
    return data, np.asarray(zeros, kind), np.asarray(b.rng.uniform(0.01, 0.02, size), np.float32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("columns", [1, 5])
def test_a_dense_layer(kind: type, columns: int, tmp_path: Path) -> None:
    b = QdqBuilder()
    data, zeros, scales = weights(b, (8, 5), kind, columns)
    x, scale, zero = dynamic(b, b.input("x", [2, 8]))
    y = b.add("MatMulInteger", x, b.weight(data), zero, b.weight(zeros))
    y = b.add("Mul", b.add("Cast", y, to=1), b.add("Mul", scale, b.weight(scales)))
    path = b.file(tmp_path, b.add("Add", y, b.weight(np.arange(5, dtype=np.float32))), rank=2)
    assert [node.op.name for node in loaded(path).nodes] == ["fully_connected"]
    real = (data.astype(np.float64) - zeros) * scales
    assert_close(computed(path, ROWS), (ROWS @ real + np.arange(5)).astype(np.float32))


def dynamic(b: QdqBuilder, x: str) -> tuple[str, str, str]:
    """Add a DynamicQuantizeLinear: integers, scale, zero point."""
    q = b.add("DynamicQuantizeLinear", x, outputs=3)
    return q, f"{q}.1", f"{q}.2"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_padded_convolution(kind: type, channels: int, tmp_path: Path) -> None:
    b = QdqBuilder()
    data, zeros, scales = weights(b, (3, 4, 3, 3), kind, channels)
    x, scale, zero = dynamic(b, b.input("image", IMAGE.shape))
    pads, strides = [1, 1, 0, 1], [2, 1]
    operands = (x, b.weight(data), zero, b.weight(zeros))
    y = b.add("ConvInteger", *operands, pads=pads, strides=strides)
    factor = b.add("Mul", scale, b.weight(scales.reshape((-1, 1, 1)[: 3 * scales.ndim])))
    path = b.file(tmp_path, b.add("Mul", b.add("Cast", y, to=1), factor), rank=4)
    along = [-1, 1, 1, 1] if channels > 1 else []
    real = (data.astype(np.float64) - zeros.reshape(along)) * scales.reshape(along)
    plain = QdqBuilder()
    w = plain.weight(real.astype(np.float32))
    y = plain.add("Conv", plain.input("image", IMAGE.shape), w, pads=pads, strides=strides)
    (wanted,) = onnxruntime.InferenceSession(plain.model(y).SerializeToString()).run(
        None, {"image": IMAGE}
    )
    assert_close(computed(path, IMAGE), wanted)
    assert [n.op.name for n in loaded(path).nodes if n.op.name != "transpose"] == ["conv2d"]


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("op", ["DynamicQuantizeMatMul", "MatMulIntegerToFloat"])
def test_onnxruntimes_fused_products(op: str, biased: bool, tmp_path: Path) -> None:
    b = QdqBuilder()
    data, zeros, scales = weights(b, (8, 5), np.int8, 5)
    bias = b.random(5) if biased else ""
    w, s, z = (b.weight(each) for each in (data, scales, zeros))
    x = b.input("x", [2, 8])
    if op == "DynamicQuantizeMatMul":
        y = b.microsoft(op, x, w, s, z, bias)
    else:
        q, scale, zero = dynamic(b, x)
        y = b.microsoft(op, q, w, scale, s, zero, z, bias)
    path = b.file(tmp_path, y, rank=2)
    added = numpy_helper.to_array(b.weights[0]) if biased else np.zeros(5, np.float32)
    wanted = (ROWS @ ((data.astype(np.float64) - zeros) * scales) + added).astype(np.float32)
    assert_close(computed(path, ROWS), wanted)


def test_a_product_of_two_activations(tmp_path: Path) -> None:
    b = QdqBuilder()
    x, y = b.input("x", [2, 8]), b.input("y", [8, 3])
    (p, p_scale, p_zero), (q, q_scale, q_zero) = dynamic(b, x), dynamic(b, y)
    z = b.add("Cast", b.add("MatMulInteger", p, q, p_zero, q_zero), to=1)
    path = b.file(tmp_path, b.add("Mul", z, b.add("Mul", p_scale, q_scale)), rank=2)
    columns = RNG.normal(size=(8, 3)).astype(np.float32)
    (actual,) = evaluate(loaded(path), {ValueName("x"): ROWS, ValueName("y"): columns}).values()
    assert_close(actual, ROWS @ columns)


def test_integers_that_become_floats_again_at_once(tmp_path: Path) -> None:
    b = QdqBuilder()
    path = b.file(tmp_path, b.add("DequantizeLinear", *dynamic(b, b.input("x", [2, 8]))))
    np.testing.assert_array_equal(computed(path, ROWS), ROWS)


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_lstm(direction: str, per_channel: bool, tmp_path: Path) -> None:
    """Against the float LSTM with the numbers that the quantizer's integers stand for."""
    b, directions = QdqBuilder(opset=14), 1 + (direction == "bidirectional")
    x = b.input("x", [6, 1, 5])
    w, r = b.random(directions, 16, 5), b.random(directions, 16, 4)
    y = b.add("LSTM", x, w, r, b.random(directions, 32), hidden_size=4, direction=direction)
    b.file(tmp_path, y).rename(tmp_path / "float.onnx")
    path = quantized(tmp_path / "float.onnx", per_channel=per_channel)
    model, stored = onnx.load(tmp_path / "float.onnx"), initializers(onnx.load(path))
    for name in (w, r):
        real = (
            stored[f"{name}_quantized"].astype(np.float32)
            - stored[f"{name}_zero_point"].reshape(directions, 1, -1)
        ) * stored[f"{name}_scale"].reshape(directions, 1, -1)
        (tensor,) = (each for each in model.graph.initializer if each.name == name)
        tensor.CopyFrom(numpy_helper.from_array(real.transpose(0, 2, 1).copy(), name))
    data = RNG.normal(size=(6, 1, 5)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    assert_close(computed(path, data), session.run(None, {"x": data})[0])


def quantized(path: Path, **options: Any) -> Path:
    """Return what onnxruntime's own tool makes of a float model."""
    result = path.with_suffix(".dynamic.onnx")
    operators = ["Conv", "MatMul", "Gemm", "LSTM"]
    quantize_dynamic(path, result, op_types_to_quantize=operators, **options)
    return result


def initializers(model: onnx.ModelProto) -> dict[str, Array]:
    return {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("kind", [QuantType.QInt8, QuantType.QUInt8])
@pytest.mark.parametrize("name", ["torchscript", "lenet", "branches"])
def test_models_by_onnxruntimes_tool(
    name: str, kind: QuantType, per_channel: bool, tmp_path: Path
) -> None:
    """Nothing of the quantization is left, and the results are near the float model's."""
    source = save(MODELS[name], tmp_path)
    path = quantized(source, weight_type=kind, per_channel=per_channel)
    graph, original = loaded(path), loaded(source)
    assert sorted(n.op.name for n in graph.nodes) == sorted(n.op.name for n in original.nodes)
    x = {name: to_source(original, name, each) for name, each in random_sample(original).items()}
    theirs = evaluate_source(original, x)
    for value, actual in evaluate_source(graph, x).items():
        wanted = theirs[value]
        assert np.abs(actual - wanted).max() <= 0.06 * np.abs(wanted).max()


def test_integers_as_an_output_get_advice(tmp_path: Path) -> None:
    b = QdqBuilder()
    q, *_ = dynamic(b, b.input("x", [1, 8]))
    with pytest.raises(EdgecError) as caught:
        load_onnx(b.file(tmp_path, q, kind=TensorProto.UINT8))
    assert caught.value.code == "unsupported-operator"
    assert "quantize_static" in caught.value.help
