"""Operators that onnxruntime's optimizer fuses: the same results as in onnxruntime itself."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import helper
from onnx_models import MODELS, assert_close, evaluate_source, random_sample, save, to_source
from qdq_models import QdqBuilder, judge

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph
from edgec.pipelines import optimize_float

RNG = np.random.default_rng(5)
IMAGE = RNG.normal(size=(1, 4, 5, 6)).astype(np.float32)
ROWS = RNG.normal(size=(2, 8)).astype(np.float32)


def loaded(path: Path) -> Graph:
    return optimize_float(load_onnx(path))


def assert_alike(path: Path, x: Array) -> Graph:
    graph = loaded(path)
    (name,) = graph.inputs
    actual = evaluate_source(graph, {name: x})
    for ours, wanted in zip(actual.values(), judge(path, {name: x}), strict=True):
        assert_close(ours, wanted)
    return graph


ACTIVATIONS: list[tuple[str, list[float]]] = [
    ("Relu", []),
    ("Sigmoid", []),
    ("Tanh", []),
    ("LeakyRelu", [0.3]),
    ("Clip", [-0.5, 2.0]),
    ("HardSigmoid", [0.3, 0.4]),
]


@pytest.mark.parametrize(("activation", "parameters"), ACTIVATIONS)
def test_convolution_with_activation(
    activation: str, parameters: list[float], tmp_path: Path
) -> None:
    b = QdqBuilder()
    w, bias = b.random(3, 4, 3, 3), b.random(3)
    options: dict[str, Any] = {"activation_params": parameters} if parameters else {}
    x = b.input("image", IMAGE.shape)
    y = b.microsoft("FusedConv", x, w, bias, activation=activation, pads=[1, 1, 1, 1], **options)
    assert_alike(b.file(tmp_path, y, rank=4), IMAGE)


def test_convolution_with_a_sum(tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.input("image", IMAGE.shape)
    w, bias = b.random(4, 4, 3, 3), b.random(4)
    y = b.microsoft("FusedConv", x, w, bias, x, activation="Relu", pads=[1, 1, 1, 1])
    graph = assert_alike(b.file(tmp_path, y, rank=4), IMAGE)
    assert {"conv2d", "add"} <= {node.op.name for node in graph.nodes}


@pytest.mark.parametrize(("activation", "parameters"), ACTIVATIONS[:4])
def test_dense_layer_with_activation(
    activation: str, parameters: list[float], tmp_path: Path
) -> None:
    b = QdqBuilder()
    options: dict[str, Any] = {"activation_alpha": parameters[0]} if parameters else {}
    w, bias = b.random(3, 8), b.random(3)
    x = b.input("x", ROWS.shape)
    y = b.microsoft("FusedGemm", x, w, bias, transB=1, alpha=0.5, activation=activation, **options)
    assert_alike(b.file(tmp_path, y, rank=2), ROWS)


@pytest.mark.parametrize("op", ["Gelu", "QuickGelu", "FastGelu"])
def test_gelu(op: str, tmp_path: Path) -> None:
    b = QdqBuilder()
    assert_alike(b.file(tmp_path, b.microsoft(op, b.input("x", ROWS.shape)), rank=2), ROWS)


@pytest.mark.parametrize("op", ["BiasGelu", "FastGelu"])
def test_gelu_of_a_sum(op: str, tmp_path: Path) -> None:
    b = QdqBuilder()
    y = b.microsoft(op, b.input("x", ROWS.shape), b.random(8))
    assert_alike(b.file(tmp_path, y, rank=2), ROWS)


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("outputs", [1, 4])
def test_normalization_of_a_sum(biased: bool, outputs: int, tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.input("x", (1, *ROWS.shape))
    skip, gamma, beta = b.random(1, *ROWS.shape), b.random(8), b.random(8)
    names = ["y", "", "", "sum"][:outputs]
    inputs = [x, skip, gamma, beta, *([b.random(8)] if biased else [])]
    domain = "com.microsoft"
    b.nodes.append(helper.make_node("SkipLayerNormalization", inputs, names, domain=domain))
    path = b.file(tmp_path, *(name for name in names if name), rank=3)
    assert_alike(path, ROWS[np.newaxis])


@pytest.mark.parametrize(("outputs", "biased"), [(1, False), (4, False), (4, True)])
def test_root_mean_square_of_a_sum(outputs: int, biased: bool, tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.input("x", (1, *ROWS.shape))
    skip, gamma = b.random(1, *ROWS.shape), b.random(8)
    names = ["y", "", "", "sum"][:outputs]
    inputs = [x, skip, gamma, *([b.random(8)] if biased else [])]
    op, domain = "SkipSimplifiedLayerNormalization", "com.microsoft"
    b.nodes.append(helper.make_node(op, inputs, names, domain=domain))
    path = b.file(tmp_path, *(name for name in names if name), rank=3)
    assert_alike(path, ROWS[np.newaxis])


def test_root_mean_square(tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.input("x", (1, *ROWS.shape))
    inputs = [x, b.random(8)]
    b.nodes.append(helper.make_node("SimplifiedLayerNormalization", inputs, ["y"], axis=-1))
    assert_alike(b.file(tmp_path, "y", rank=3), ROWS[np.newaxis])


@pytest.mark.parametrize("turned", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("alpha", [1.0, 0.25])
def test_product(turned: tuple[int, int], constant: bool, alpha: float, tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.input("x", (1, 8, 8))
    other = b.random(8, 8) if constant else x
    y = b.microsoft("FusedMatMul", x, other, transA=turned[0], transB=turned[1], alpha=alpha)
    data = RNG.normal(size=(1, 8, 8)).astype(np.float32)
    graph = assert_alike(b.file(tmp_path, y, rank=3), data)
    assert ("fully_connected" in {node.op.name for node in graph.nodes}) == constant


def test_batch_axes_in_another_place_are_rejected(tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.input("x", (2, 2, 3, 3))
    path = b.file(tmp_path, b.microsoft("FusedMatMul", x, x, transBatchA=1), rank=4)
    with pytest.raises(EdgecError, match="batch axes"):
        load_onnx(path)


@pytest.mark.parametrize(
    ("domain", "op", "options"),
    [
        ("com.microsoft.nchwc", "Conv", {}),
        ("com.microsoft", "QLinearConv", {"channels_last": 1}),
        ("com.microsoft", "NhwcMaxPool", {}),
    ],
)
def test_a_file_for_one_kind_of_cpu_gets_advice(
    domain: str, op: str, options: dict[str, Any], tmp_path: Path
) -> None:
    b = QdqBuilder()
    x = b.input("x", (1, 2, 3, 3))
    b.nodes.append(helper.make_node(op, [x], ["y"], domain=domain, name="n", **options))
    with pytest.raises(EdgecError) as caught:
        load_onnx(b.file(tmp_path, "y", rank=4))
    assert caught.value.code == "unsupported-operator"
    assert "ORT_ENABLE_EXTENDED" in caught.value.help


@pytest.mark.parametrize("name", sorted(MODELS))
def test_models_saved_by_the_optimizer(name: str, tmp_path: Path) -> None:
    """onnxruntime writes what it runs: the same graph comes out as of the plain model."""
    source = save(MODELS[name], tmp_path)
    path = tmp_path / "optimized.onnx"
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(str(source), options)
    graph, plain = loaded(path), loaded(source)
    assert sorted(n.op.name for n in graph.nodes) == sorted(n.op.name for n in plain.nodes)
    x = {each: to_source(plain, each, data) for each, data in random_sample(plain).items()}
    wanted = evaluate_source(plain, x)
    for value, actual in evaluate_source(graph, x).items():
        assert_close(actual, wanted[value])
