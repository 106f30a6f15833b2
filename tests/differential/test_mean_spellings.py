"""A global mean, as exporters spell it: one small net becomes the same integers whatever it is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx_models import OnnxBuilder, assert_close, evaluate_source, run_onnxruntime, to_source
from small_nets import samples_of

from edgec.driver.progress import Quiet
from edgec.exporters.tflite import write_tflite
from edgec.frontends import load
from edgec.ir import Array, Graph, GraphBuilder, TensorType, ValueName
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.reductions.mean import Mean
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.best import quantize_best
from edgec.quantization.quality.sqnr import energy, integer_values
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples.batch_evaluator import BatchEvaluator

OLD, NEW = 13, 18  # from 18 on ReduceMean's axes are an input
HEIGHT, WIDTH, CHANNELS, CLASSES = 5, 7, 6, 3
Spelling = Callable[[OnnxBuilder, str], str]
"""Adds the mean of [1,C,H,W] (or [1,C,L]) as [1,C]."""


def _sum(b: OnnxBuilder, x: str, *axes: int, keep: int = 0) -> str:
    return b.add("ReduceSum", x, b.ints(*axes), keepdims=keep)


def _means(b: OnnxBuilder, x: str, *axes: int, keep: int = 0) -> str:
    return b.add("ReduceMean", x, b.ints(*axes), keepdims=keep)


def _pool(b: OnnxBuilder, x: str, *kernel: int, **attributes: Any) -> str:
    return b.add("AveragePool", x, kernel_shape=list(kernel), **attributes)


def _flat(b: OnnxBuilder, x: str) -> str:
    return b.add("Flatten", x, axis=1)


def _shaped(b: OnnxBuilder, x: str, *shape: int) -> str:
    return b.add("Reshape", x, b.ints(*shape))


def _number(value: float) -> Array:
    return np.array(value, np.float32)


PIXELS = HEIGHT * WIDTH
IMAGE: dict[str, Spelling] = {
    "global_pool": lambda b, x: _flat(b, b.add("GlobalAveragePool", x)),
    "global_pool_reshape": lambda b, x: _shaped(b, b.add("GlobalAveragePool", x), 1, -1),
    "global_pool_squeeze": lambda b, x: b.add(
        "Squeeze", b.add("GlobalAveragePool", x), b.ints(2, 3)
    ),
    "global_pool_of_pixels": lambda b, x: _flat(
        b, b.add("GlobalAveragePool", _shaped(b, x, 1, CHANNELS, PIXELS))
    ),
    "pool": lambda b, x: _flat(b, _pool(b, x, HEIGHT, WIDTH)),
    "pool_strides": lambda b, x: _flat(
        b, _pool(b, x, HEIGHT, WIDTH, strides=[HEIGHT, WIDTH], ceil_mode=1)
    ),
    "pool_beyond": lambda b, x: _flat(
        b,
        _pool(b, x, HEIGHT + 1, WIDTH + 2, pads=[1, 1, 0, 1], count_include_pad=0, strides=[9, 9]),
    ),
    "pool_per_axis": lambda b, x: _flat(b, _pool(b, _pool(b, x, HEIGHT, 1), 1, WIDTH)),
    "mean_twice": lambda b, x: _flat(b, b.add("GlobalAveragePool", b.add("GlobalAveragePool", x))),
    "mean": lambda b, x: _means(b, x, 2, 3),
    "mean_kept": lambda b, x: _flat(b, _means(b, x, -1, -2, keep=1)),
    "mean_kept_squeeze": lambda b, x: b.add("Squeeze", _means(b, x, 2, 3, keep=1), b.ints(-1, -2)),
    "mean_per_axis": lambda b, x: _means(b, _means(b, x, 3), 2),
    "mean_per_axis_kept": lambda b, x: _flat(b, _means(b, _means(b, x, 2, keep=1), 3, keep=1)),
    "mean_of_pixels": lambda b, x: _means(b, _shaped(b, x, 1, CHANNELS, -1), -1),
    "mean_of_pixels_kept": lambda b, x: _flat(
        b, _means(b, _shaped(b, x, 1, CHANNELS, PIXELS), 2, keep=1)
    ),
    "mean_without_batch": lambda b, x: _shaped(
        b, _means(b, _shaped(b, x, CHANNELS, PIXELS), 1), 1, CHANNELS
    ),
    "mean_channels_last": lambda b, x: _means(b, b.add("Transpose", x, perm=[0, 2, 3, 1]), 1, 2),
    "mean_of_one_row": lambda b, x: _means(b, _shaped(b, x, 1, CHANNELS, 1, PIXELS), 2, 3),
    "sum_divided": lambda b, x: b.add("Div", _sum(b, x, 2, 3), b.weight(_number(PIXELS))),
    "sum_scaled": lambda b, x: b.add("Mul", b.weight(_number(1 / PIXELS)), _sum(b, x, -1, -2)),
    "sum_scaled_kept": lambda b, x: _flat(
        b, b.add("Mul", _sum(b, x, 2, 3, keep=1), b.weight(_number(1 / PIXELS)))
    ),
    "sum_of_pixels": lambda b, x: b.add(
        "Div", _sum(b, _shaped(b, x, 1, CHANNELS, -1), 2), b.weight(_number(PIXELS))
    ),
    "einsum": lambda b, x: b.add(
        "Div", b.add("Einsum", x, equation="nchw->nc"), b.weight(_number(PIXELS))
    ),
}
SIGNAL: dict[str, Spelling] = {
    "global_pool": lambda b, x: _flat(b, b.add("GlobalAveragePool", x)),
    "global_pool_squeeze": lambda b, x: b.add("Squeeze", b.add("GlobalAveragePool", x), b.ints(2)),
    "pool": lambda b, x: _flat(b, _pool(b, x, WIDTH)),
    "mean": lambda b, x: _means(b, x, -1),
    "mean_kept": lambda b, x: _flat(b, _means(b, x, 2, keep=1)),
    "mean_of_an_image": lambda b, x: _flat(  # so does dynamo with AdaptiveAvgPool1d
        b,
        b.add("Squeeze", _means(b, b.add("Unsqueeze", x, b.ints(-2)), -1, -2, keep=1), b.ints(-2)),
    ),
    "sum_divided": lambda b, x: b.add("Div", _sum(b, x, 2), b.weight(_number(WIDTH))),
}


def image_net(spelling: Spelling, opset: int = NEW) -> onnx.ModelProto:
    b = OnnxBuilder(opset, seed=11)
    x = b.add("Relu", b.conv(b.input("x", [1, 2, HEIGHT, WIDTH]), (2, CHANNELS)))
    b.linear(spelling(b, x), CHANNELS, CLASSES, output="y")
    return b.model("y")


def signal_net(spelling: Spelling) -> onnx.ModelProto:
    b = OnnxBuilder(NEW, seed=12)
    x = b.add("Relu", b.conv(b.input("x", [1, 2, WIDTH]), (2, CHANNELS), (3,)))
    b.linear(spelling(b, x), CHANNELS, CLASSES, output="y")
    return b.model("y")


def voxel_net(spelling: Spelling) -> onnx.ModelProto:
    """Return a net of [N,C,D,H,W]: no convolution, these are not supported."""
    b = OnnxBuilder(NEW, seed=13)
    x = b.add("Relu", b.input("x", [1, CHANNELS, 2, HEIGHT, 3]))
    b.linear(_flat(b, spelling(b, x)), CHANNELS, CLASSES, output="y")
    return b.model("y")


def normed_net(*, folded: bool) -> onnx.ModelProto:
    """Return a net as TorchScript writes it, or as dynamo: it folds the norm, in float32."""
    b = OnnxBuilder(NEW, seed=15)
    draw = b.rng.uniform
    w, bias, scale, shift, mean, variance = (
        draw(0.1, 2, shape).astype(np.float32)
        for shape in ((CHANNELS, 2, 3, 3), *[(CHANNELS,)] * 5)
    )
    w -= np.float32(1)
    gain = scale / np.sqrt(variance + np.float32(1e-5))
    x = b.input("x", [1, 2, HEIGHT, WIDTH])
    if folded:
        known = w * gain.reshape(-1, 1, 1, 1), (bias - mean) * gain + shift
        y = b.add("Conv", x, *map(b.weight, known), kernel_shape=[3, 3])
        y = _flat(b, _means(b, b.add("Relu", y), -1, -2, keep=1))
    else:
        y = b.add("Conv", x, b.weight(w), b.weight(bias), kernel_shape=[3, 3])
        norm = [b.weight(each) for each in (scale, shift, mean, variance)]
        y = b.add("Relu", b.add("BatchNormalization", y, *norm, epsilon=1e-5))
        y = _flat(b, b.add("GlobalAveragePool", y))
    b.linear(y, CHANNELS, CLASSES, output="y")
    return b.model("y")


def optimized(model: onnx.ModelProto, folder: Path) -> Graph:
    """Return the optimized float graph; it computes what onnxruntime does."""
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    graph = optimize_float(load(path).graph)
    arrays = samples_of(graph, 1).arrays
    inputs = {name: to_source(graph, name, array[0]) for name, array in arrays.items()}
    expected = run_onnxruntime(model.SerializeToString(), inputs)
    for name, actual in evaluate_source(graph, inputs).items():
        assert_close(actual, expected[name])
    return graph


def sqnr_db(graph: Graph) -> float:
    """Return the SQNR of the output, plainly quantized, on samples that are not calibration's."""
    made, arrays = integers(graph), samples_of(graph, 64, seed=1).arrays
    (y,) = graph.outputs
    wanted = BatchEvaluator(graph).run(arrays)[y]
    got = dequantized(integer_values(made, arrays)[y], made.types[y])
    return 10 * float(np.log10(energy(wanted) / energy(wanted - got)))


def integers(graph: Graph, recipe: Recipe | None = None) -> Graph:
    samples = samples_of(graph, 24)
    made = quantize_best(graph, replace(samples, labels=()), recipe or Recipe.plain(), Quiet())
    return optimize_integer(made.graph)


def said(graph: Graph) -> list[object]:
    """Return all that a graph says but names: operators, wiring, types, scales, constants."""
    numbers: dict[ValueName, int] = {}
    told: list[object] = []
    for value in graph.inputs:
        numbers[value] = len(numbers)
        told.append(graph.types[value])
    for node in graph.nodes:
        for value in node.inputs:
            if value in graph.constants and value not in numbers:
                numbers[value] = len(numbers)
                told.append((graph.types[value], graph.constants[value].tobytes()))
        operands = tuple(numbers[value] for value in node.inputs)
        told.append((str(node.op), operands, tuple(graph.types[v] for v in node.outputs)))
        numbers |= {value: len(numbers) + i for i, value in enumerate(node.outputs)}
    return [*told, tuple(numbers[value] for value in graph.outputs)]


def operators(graph: Graph) -> list[str]:
    return [node.op.name for node in graph.nodes]


@pytest.mark.parametrize("name", IMAGE)
def test_a_mean_over_an_image_is_the_same_model(name: str, tmp_path: Path) -> None:
    wanted = integers(optimized(image_net(IMAGE["mean"]), tmp_path))
    assert operators(wanted) == ["conv2d", "mean", "reshape", "fully_connected"]
    assert said(integers(optimized(image_net(IMAGE[name]), tmp_path))) == said(wanted)


@pytest.mark.parametrize("axes", [[2, 3], [-1, -2]])
@pytest.mark.parametrize("keep", [0, 1])
def test_axes_as_an_attribute_are_the_same_model(
    axes: list[int], keep: int, tmp_path: Path
) -> None:
    def spelling(b: OnnxBuilder, x: str) -> str:
        y = b.add("ReduceMean", x, axes=axes, keepdims=keep)
        return _flat(b, y) if keep else y

    wanted = integers(optimized(image_net(IMAGE["mean"]), tmp_path))
    assert said(integers(optimized(image_net(spelling, OLD), tmp_path))) == said(wanted)


@pytest.mark.parametrize("name", SIGNAL)
def test_a_mean_over_a_signal_is_the_same_model(name: str, tmp_path: Path) -> None:
    wanted = integers(optimized(signal_net(SIGNAL["mean"]), tmp_path))
    assert operators(wanted).count("mean") == 1
    assert "transpose" not in operators(wanted)
    assert said(integers(optimized(signal_net(SIGNAL[name]), tmp_path))) == said(wanted)


def test_a_mean_over_voxels_is_the_same_model(tmp_path: Path) -> None:
    mean, pool = (
        optimized(voxel_net(spelling), tmp_path)
        for spelling in (
            lambda b, x: _means(b, x, 2, 3, 4, keep=1),
            lambda b, x: b.add("GlobalAveragePool", x),
        )
    )
    assert said(integers(mean)) == said(integers(pool))


def test_dynamo_and_torchscript_give_the_same_model(tmp_path: Path) -> None:
    dynamo, torchscript = (
        optimized(normed_net(folded=folded), tmp_path) for folded in (True, False)
    )
    assert said(integers(dynamo)) == said(integers(torchscript))


def test_the_search_finds_the_same_model_too(tmp_path: Path) -> None:
    searched = [
        said(integers(optimized(image_net(IMAGE[name]), tmp_path), Recipe()))
        for name in ("global_pool", "mean_kept")
    ]
    assert searched[0] == searched[1]


def tflite_net(add_mean: Callable[[GraphBuilder, ValueName], ValueName], folder: Path) -> Graph:
    """Return what the float passes make of a .tflite file as Keras writes it."""
    rng = np.random.default_rng(14)
    drawn = {
        name: rng.standard_normal(shape).astype(np.float32)
        for name, shape in {
            "w": (CHANNELS, 3, 3, 2),
            "b": (CHANNELS,),
            "v": (CLASSES, CHANNELS),
        }.items()
    } | {"c": np.zeros(CLASSES, np.float32)}
    g = GraphBuilder("keras")
    x = g.input("x", TensorType((1, HEIGHT, WIDTH, 2)))
    op = Conv2D(window=Window((3, 3), pads=(1, 1, 1, 1)), activation=Activation.RELU)
    y = g.add1(op, x, g.constant("w", drawn["w"]), g.constant("b", drawn["b"]), name="conv")
    flat = g.add1(Reshape(shape=(1, CHANNELS)), add_mean(g, y), name="flat")
    dense = (g.constant("v", drawn["v"]), g.constant("c", drawn["c"]))
    graph = g.build([g.add1(FullyConnected(), flat, *dense, name="y")])
    path = folder / "keras.tflite"
    path.write_bytes(write_tflite(graph))
    return optimize_float(load(path).graph)


KERAS: dict[str, Callable[[GraphBuilder, ValueName], ValueName]] = {
    "mean": lambda g, x: g.add1(Mean(axes=(1, 2)), x),
    "mean_kept": lambda g, x: g.add1(Mean(axes=(1, 2), keep_dims=True), x),
    "pool": lambda g, x: g.add1(AveragePool2D(window=Window((HEIGHT, WIDTH))), x),
    "pool_stride": lambda g, x: g.add1(
        AveragePool2D(window=Window((HEIGHT, WIDTH), strides=(2, 2))), x
    ),
    "mean_per_axis": lambda g, x: g.add1(Mean(axes=(1,)), g.add1(Mean(axes=(2,)), x)),
}


@pytest.mark.parametrize("name", KERAS)
def test_keras_writes_the_same_model(name: str, tmp_path: Path) -> None:
    wanted = integers(tflite_net(KERAS["mean"], tmp_path))
    assert operators(wanted) == ["conv2d", "mean", "reshape", "fully_connected"]
    assert said(integers(tflite_net(KERAS[name], tmp_path))) == said(wanted)


def test_its_own_scale_is_worth_decibels() -> None:
    """Means lie in a narrower range than the pixels, whose scale a pool would keep."""
    rng = np.random.default_rng(16)
    g = GraphBuilder("pool")
    x = g.input("x", TensorType((1, 12, 12, 2)))
    w = g.constant("w", rng.standard_normal((CHANNELS, 3, 3, 2)).astype(np.float32))
    y = g.add1(Conv2D(window=Window((3, 3)), activation=Activation.RELU), x, w)
    y = g.add1(Reshape(shape=(1, CHANNELS)), g.add1(AveragePool2D(window=Window((10, 10))), y))
    v = g.constant("v", rng.standard_normal((CLASSES, CHANNELS)).astype(np.float32))
    as_pool = g.build([g.add1(FullyConnected(), y, v, name="y")])
    as_mean = optimize_float(as_pool)
    assert operators(as_mean)[1] == "mean"
    assert sqnr_db(as_mean) > sqnr_db(as_pool) + 0.3
