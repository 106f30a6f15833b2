"""The quantizer: what shares a quantization, what is prescribed or requantized; how good it is."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from equivalence import floats, graph_of, random_array
from onnx_models import MODELS, random_sample, save
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import (
    Array,
    DType,
    Graph,
    GraphBuilder,
    QParams,
    TensorType,
    ValueName,
    evaluate,
    verify,
)
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.softmax import Softmax
from edgec.ops.conversion.alike import Alike
from edgec.ops.conversion.dequantize import Dequantize, dequantized
from edgec.ops.conversion.quantize import quantize_floats
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization import quantizer
from edgec.quantization.quantizer import Grids, quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.ranges.observers import Range
from edgec.quantization.ranges.parameters import QuantizedLayer, nearest_layer
from edgec.quantization.samples.samples import Samples


def spread(graph: Graph, **ranges: tuple[float, float]) -> dict[ValueName, Range]:
    """Return ranges for all values: those given, [-1, 1] for the rest."""
    values = [value for value in graph.types if value not in graph.constants]
    return {value: Range(*ranges.get(value, (-1.0, 1.0))) for value in values}


def kind(graph: Graph, name: str) -> TensorType:
    return graph.types[ValueName(name)]


def scale(graph: Graph, name: str) -> float:
    return kind(graph, name).quantization.scale


def names(graph: Graph) -> list[str]:
    return [node.op.name for node in graph.nodes]


def assert_bytes_of_the_interpreter(graph: Graph) -> None:
    oracle = Oracle(write_tflite(graph), exact=True)
    rng = np.random.default_rng(0)
    for _ in range(5):
        x = {n: rng.integers(-128, 128, graph.types[n].shape, np.int8) for n in graph.inputs}
        expected = oracle.run({str(name): array for name, array in x.items()})
        for name, actual in evaluate(graph, x).items():
            np.testing.assert_array_equal(actual, expected[name])


def test_layers_get_symmetric_weights_and_matching_biases() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        w, b = g.constant("w", random_array(3, 1, 1, 2)), g.constant("b", random_array(3))
        x = g.add1(Conv2D(window=Window((1, 1))), g.input("x", floats(1, 4, 4, 2)), w, b, name="y")
        v, c = g.constant("v", random_array(2, 48)), g.constant("c", random_array(2))
        return [g.add1(FullyConnected(), x, v, c, name="z")]

    graph = graph_of(build)
    after = quantize(graph, spread(graph, x=(0, 2.55)))
    verify(after)
    weights, bias = kind(after, "w"), kind(after, "b")
    assert (weights.dtype, weights.quantization.axis) == (DType.INT8, 0)
    assert bias.dtype is DType.INT32
    products = [np.float32(scale(after, "x")) * np.float32(s) for s in weights.quantization.scales]
    assert bias.quantization.scales == tuple(float(each) for each in products)
    assert set(weights.quantization.zero_points) == {0}
    assert kind(after, "v").quantization.axis is None
    assert len(kind(after, "c").quantization.scales) == 1
    assert_bytes_of_the_interpreter(after)


def test_operators_that_move_data_share_the_union_of_ranges() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4))
        padded = g.add1(Pad(paddings=((0, 0), (1, 1))), x, name="p")
        return [g.add1(Reshape(shape=(6,)), padded, name="r")]

    graph = graph_of(build)
    after = quantize(graph, spread(graph, x=(0.5, 1), p=(-3, 1), r=(0, 9)))
    expected = quantize(graph, spread(graph, x=(-3, 9), p=(-3, 9), r=(-3, 9)))
    assert str(after) == str(expected)
    assert kind(after, "x").qparams == kind(after, "p").qparams == kind(after, "r").qparams


def test_a_concatenation_ties_its_inputs_and_constants() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = g.input("a", floats(1, 2)), g.input("b", floats(1, 2))
        c = g.constant("c", np.array([[5.1, 0]], np.float32))
        return [g.add1(Concatenation(axis=1), a, b, c, name="y")]

    graph = graph_of(build)
    after = quantize(graph, spread(graph, a=(0, 1), b=(0, 2), y=(0, 2)))
    assert {scale(after, name) for name in "abcy"} == {float(np.float32(0.02))}
    assert after.constants[ValueName("c")].tolist() == [[127, -128]]
    assert_bytes_of_the_interpreter(after)


def test_a_prescribed_output_is_requantized_into_a_concatenation() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = g.input("a", floats(1, 4)), g.input("b", floats(1, 4))
        s = g.add1(Reshape(shape=(1, 4)), g.add1(Softmax(), a, name="s"), name="r")
        return [g.add1(Concatenation(axis=1), s, b, name="y")]

    graph = graph_of(build)
    after = quantize(graph, spread(graph, y=(-4, 4)))
    assert names(after) == ["softmax", "reshape", "quantize", "concatenation"]
    assert (scale(after, "s"), scale(after, "r")) == (1 / 256, 1 / 256)
    assert kind(after, "s").quantization.zero_point == -128
    assert scale(after, "b") == scale(after, "y") != 1 / 256
    assert_bytes_of_the_interpreter(after)


def test_prescribed_outputs_alike_concatenate_as_they_are() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        parts = [g.add1(Logistic(), g.input(name, floats(1, 4))) for name in "ab"]
        return [g.add1(Concatenation(axis=1), *parts, name="y")]

    graph = graph_of(build)
    after = quantize(graph, spread(graph))
    assert names(after) == ["logistic", "logistic", "concatenation"]
    assert scale(after, "y") == 1 / 256


def test_an_input_of_two_concatenations_is_requantized_into_the_second() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a, b, c = (g.input(name, floats(1, 2)) for name in "abc")
        return [
            g.add1(Concatenation(axis=1), a, b, name="y"),
            g.add1(Concatenation(axis=1), a, c, name="z"),
        ]

    graph = graph_of(build)
    after = quantize(graph, spread(graph, c=(0, 10), z=(0, 10)))
    assert names(after) == ["concatenation", "quantize", "concatenation"]
    assert scale(after, "a") == scale(after, "y") < scale(after, "z") == scale(after, "c")
    assert_bytes_of_the_interpreter(after)


def test_constant_operands_get_their_own_range() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x, c = g.input("x", floats(1, 2)), g.constant("c", np.array([0.25, 51], np.float32))
        return [g.add1(Mul(), g.add1(Add(), x, c, name="y"), c, name="z")]

    graph = graph_of(build)
    after = quantize(graph, spread(graph, y=(-1, 52), z=(-1, 2650)))
    assert scale(after, "c") == float(np.float32(0.2))
    assert len(after.constants) == 1
    assert_bytes_of_the_interpreter(after)


def test_a_weight_used_by_two_layers_gets_a_bias_for_each() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        w, b = g.constant("w", random_array(3, 4)), g.constant("b", random_array(3))
        parts = [g.input(name, floats(1, 4)) for name in "xz"]
        return [g.add1(FullyConnected(), each, w, b) for each in parts]

    graph = graph_of(build)
    after = quantize(graph, spread(graph, z=(-9, 9)))
    verify(after)
    first, second = after.nodes
    assert first.inputs[1] == second.inputs[1]
    assert first.inputs[2] != second.inputs[2]


@pytest.mark.parametrize("activation", [Activation.RELU, Activation.RELU6])
def test_values_that_are_always_zero_do_no_harm(activation: Activation) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        w, b = g.constant("w", np.zeros((3, 4), np.float32)), g.constant("b", random_array(3))
        x = g.add1(
            FullyConnected(activation=activation), g.input("x", floats(1, 4)), w, b, name="y"
        )
        return [g.add1(Relu(), g.add1(Add(), x, x, name="s"), name="z")]

    graph = graph_of(build)
    nothing = dict.fromkeys(graph.types, (0.0, 0.0))
    after = quantize(graph, spread(graph, **nothing))
    verify(after)
    assert_bytes_of_the_interpreter(after)


def test_a_tiny_output_range_does_not_break_the_multipliers() -> None:
    """TFLite's ADD demands an output scale that is not absurdly below its inputs'."""

    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = g.input("a", floats(1, 4)), g.input("b", floats(1, 4))
        total = g.add1(Add(), a, b, name="s")
        w = g.constant("w", random_array(2, 4))
        return [g.add1(FullyConnected(), total, w, name="y")]

    graph = graph_of(build)
    after = quantize(graph, spread(graph, a=(-1e6, 1e6), s=(0, 1e-9), y=(0, 1e-12)))
    assert scale(after, "s") > 1e-3
    assert_bytes_of_the_interpreter(after)


def test_names_and_layouts_stay() -> None:
    graph = optimize_float(_load("branches"))
    after = quantize(graph, calibrate(graph, _samples(graph)))
    assert (after.inputs, after.outputs) == (graph.inputs, graph.outputs)
    assert dict(after.layouts) == dict(graph.layouts) != {}
    assert [node.name for node in graph.nodes] == [
        node.name for node in after.nodes if node.op.name != "quantize"
    ]


@pytest.mark.oracle
@pytest.mark.parametrize("name", MODELS)
def test_quantized_models_stay_close_to_float_and_equal_the_interpreter(name: str) -> None:
    graph = optimize_float(_load(name))
    after = quantize(graph, calibrate(graph, _samples(graph)))
    noise = signal = 0.0
    for seed in range(16):
        x = random_sample(graph, seed)
        expected = evaluate(graph, x)
        integers = {n: quantize_floats(array, after.types[n]) for n, array in x.items()}
        for output, y in evaluate(after, integers).items():
            error = dequantized(y, after.types[output]) - expected[output]
            noise += float((error**2).sum())
            signal += float((expected[output] ** 2).sum())
    assert 10 * np.log10(signal / noise) > 25
    assert_bytes_of_the_interpreter(after)


def _samples(graph: Graph) -> Samples:
    drawn = [random_sample(graph, seed) for seed in range(16)]
    arrays: dict[ValueName, Array] = {n: np.stack([x[n] for x in drawn]) for n in graph.inputs}
    return Samples(arrays)


def _load(name: str) -> Graph:
    with TemporaryDirectory() as folder:
        return load_onnx(save(MODELS[name], Path(folder)))


def test_values_marked_alike_share_one_quantization_and_the_mark_goes() -> None:
    """Also with a concatenation behind them, which ties but requantizes what others have tied."""
    g = GraphBuilder("g")
    x = g.input("x", TensorType((1, 4)))
    one, two, three = (g.constant(f"c{n}", np.full((1, 4), n, np.float32)) for n in (1, 2, 3))
    values = [g.add1(Mul(), x, one, name="m0")]
    for index, factor in enumerate((two, three)):
        y = g.add1(Mul(), x, factor, name=f"m{index + 1}")
        values.append(g.add1(Alike(), y, values[-1], name=f"alike{index}"))
    graph = g.build(g.add(Concatenation(axis=0), values, outputs=["y"]))
    ranges = {value: Range(-1, 1) for value in graph.types if value not in graph.constants}
    ranges[ValueName("alike1")] = Range(-3, 3)
    after = optimize_integer(quantize(graph, ranges))
    assert [node.op.name for node in after.nodes] == ["mul", "mul", "mul", "concatenation"]
    found = {after.types[node.outputs[0]].quantization for node in after.nodes}
    assert [round(q.scale * 255, 3) for q in found] == [6.0]


@pytest.mark.parametrize("name", MODELS)
def test_grids_are_the_types_of_the_integer_graph(name: str, tmp_path: Path) -> None:
    graph = optimize_float(load_onnx(save(MODELS[name], tmp_path)))
    grids, rng = Grids(graph), np.random.default_rng(0)
    values = [value for value in graph.types if value not in graph.constants]
    for _ in range(4):
        ends = rng.exponential(size=(len(values), 2)) ** 3 * 4
        ranges = {
            v: Range(-low, high) for v, (low, high) in zip(values, ends.tolist(), strict=True)
        }
        found, wanted = grids.types(ranges), quantize(graph, ranges).types
        assert {v: found[v] for v in values if v in wanted} == {
            v: wanted[v] for v in values if v in wanted
        }


def test_grids_look_once_at_a_layer_of_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    g = GraphBuilder("steps")
    h = g.input("x", floats(1, 4))
    w = g.constant("w", random_array(4, 4))
    for _ in range(20):
        h = g.add1(Alike(), g.add1(FullyConnected(), h, w), h)
    graph = g.build([h])
    grids, looked = Grids(graph), []

    def counted(*arguments: Any) -> QuantizedLayer:
        looked.append(arguments)
        return nearest_layer(*arguments)

    monkeypatch.setattr(quantizer, "nearest_layer", counted)
    ranges = spread(graph)
    assert grids.types(ranges) == grids.types(ranges)
    assert len(looked) <= 1
    assert kind(graph, "x").shape == grids.types(ranges)[ValueName("x")].shape


@pytest.mark.parametrize("stored", [DType.INT8, DType.INT16])
@pytest.mark.parametrize("width", [DType.INT8, DType.INT16])
def test_integers_that_a_float_model_reads_are_converted(stored: DType, width: DType) -> None:
    """The file states the range of an input, and dequantizes it before the first layer."""
    g = GraphBuilder("m")
    x = g.input("x", TensorType((1, 6), stored, QParams.per_tensor(0.03, 0)))
    y = g.add1(Dequantize(), x, name="d")
    graph = g.build([g.add1(Logistic(), y, name="s")])
    made = optimize_integer(quantize(graph, spread(graph, d=(-4, 4)), activations=width))
    assert kind(made, "x") == graph.types[x]
    assert kind(made, "s").dtype is width
    sample = {x: np.array([[-120, -50, 0, 3, 60, 127]], stored.numpy)}
    (expected,), (found,) = (evaluate(each, sample).values() for each in (graph, made))
    steps = dequantized(found, kind(made, "s"))
    assert np.abs(steps - expected).max() < 0.01
    if width is DType.INT8:
        assert Grids(graph).types(spread(graph, d=(-4, 4)))[y] == kind(made, "d")
