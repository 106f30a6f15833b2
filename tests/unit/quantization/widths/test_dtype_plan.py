"""int16 activations: which values get them, what stands at the borders, how good they are."""

from pathlib import Path

import numpy as np
import pytest
from equivalence import floats, graph_of, random_array
from onnx_models import MODELS, random_sample, save
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.frontends.onnx.load import load_onnx
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, GraphBuilder, ValueName, evaluate, verify
from edgec.ops.activations.log_softmax import LogSoftmax
from edgec.ops.activations.softmax import Softmax
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.conversion.quantize import Quantize, quantize_floats
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.movement.reshape import Reshape
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.pipelines import optimize_float
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.ranges.observers import Range
from edgec.quantization.samples.samples import Samples

INT8, INT16 = DType.INT8, DType.INT16


def small_network(g: GraphBuilder) -> list[ValueName]:
    """Return conv -> log softmax (int8 only) -> conv + its input -> pool -> dense -> softmax."""
    first, second = (g.constant(n, random_array(3, 1, 1, 3)) for n in ("w1", "w2"))
    x = g.add1(Conv2D(window=Window((1, 1))), g.input("x", floats(1, 4, 4, 3)), first, name="a")
    y = g.add1(LogSoftmax(), x, name="logs")
    z = g.add1(Conv2D(window=Window((1, 1))), y, second, name="b")
    total = g.add1(Add(), z, x, name="sum")
    pooled = g.add1(MaxPool2D(window=Window((2, 2), (2, 2))), total, name="pool")
    rows = g.add1(Reshape(shape=(1, 12)), pooled, name="rows")
    weights, bias = g.constant("v", random_array(5, 12)), g.constant("c", random_array(5))
    scores = g.add1(FullyConnected(), rows, weights, bias, name="dense")
    return [g.add1(Softmax(), scores, name="probabilities")]


def ranged(graph: Graph, limit: float = 4.0) -> dict[ValueName, Range]:
    return {value: Range(-limit, limit) for value in graph.types if value not in graph.constants}


def dtypes(graph: Graph, *names: str) -> list[DType]:
    return [graph.types[ValueName(name)].dtype for name in names]


def assert_bytes_of_the_interpreter(graph: Graph) -> None:
    verify(graph)
    oracle = Oracle(write_tflite(graph), exact=True)
    rng = np.random.default_rng(0)
    for _ in range(5):
        x = {name: drawn(rng, graph, name) for name in graph.inputs}
        expected = oracle.run({str(name): array for name, array in x.items()})
        for name, actual in evaluate(graph, x).items():
            np.testing.assert_array_equal(actual, expected[name])


def drawn(rng: np.random.Generator, graph: Graph, name: ValueName) -> Array:
    kind = graph.types[name]
    limits = np.iinfo(kind.dtype.numpy)
    return rng.integers(limits.min, limits.max + 1, kind.shape, kind.dtype.numpy)


def test_everything_is_int16_but_what_knows_int8_only() -> None:
    graph = graph_of(small_network)
    result = quantize(graph, ranged(graph), None, INT16)
    wide = ("x", "a", "b", "sum", "pool", "rows", "dense", "probabilities")
    assert set(dtypes(result, *wide)) == {INT16}
    assert dtypes(result, "a.int8", "logs", "logs.int16") == [INT8, INT8, INT16]
    assert sum(isinstance(node.op, Quantize) for node in result.nodes) == 2
    assert_bytes_of_the_interpreter(result)


def test_int16_is_symmetric_with_wide_biases_and_prescribed_outputs() -> None:
    graph = graph_of(small_network)
    result = quantize(graph, ranged(graph), None, INT16)
    kinds = [kind for kind in result.types.values() if kind.dtype is INT16]
    assert {kind.quantization.zero_points for kind in kinds} == {(0,)}
    layers = [node for node in result.nodes if len(node.inputs) == 3]
    assert {result.types[node.inputs[2]].dtype for node in layers} == {DType.INT64}
    assert len(layers) == 3  # those without a bias get one of zeros: their sums have 64 bits too
    assert result.types[ValueName("probabilities")].quantization.scale == 2.0**-15


@pytest.mark.parametrize("name", ["a", "b", "sum", "dense", "probabilities"])
def test_a_node_kept_in_int8_gets_borders(name: str) -> None:
    graph = graph_of(small_network)
    result = quantize(graph, ranged(graph), None, INT16, [ValueName(name)])
    assert dtypes(result, name) == [INT8]
    assert_bytes_of_the_interpreter(result)


def test_an_input_kept_in_int8_loses_nothing_on_its_way_to_int16() -> None:
    graph = graph_of(small_network)
    result = quantize(graph, ranged(graph), None, INT16, [ValueName("x")])
    assert dtypes(result, "x", "x.int16", "a") == [INT8, INT16, INT16]
    narrow, wide = (result.types[ValueName(name)].quantization for name in ("x", "x.int16"))
    assert narrow.scale == 128 * wide.scale
    assert_bytes_of_the_interpreter(result)


def test_what_is_int8_amid_int16_has_ranges_of_its_own() -> None:
    graph = graph_of(small_network)
    result = quantize(graph, ranged(graph, 4.0), None, INT16, [], ranged(graph, 1.0))
    scales = [result.types[ValueName(name)].quantization.scale for name in ("a", "a.int8")]
    np.testing.assert_allclose(scales, [4 / 32767, 2 / 255], rtol=1e-6)
    assert_bytes_of_the_interpreter(result)


def test_values_of_one_quantization_have_one_width() -> None:
    graph = graph_of(small_network)
    result = quantize(graph, ranged(graph), None, INT16, [ValueName("pool")])
    assert dtypes(result, "sum", "pool", "rows") == [INT8, INT8, INT8]
    assert_bytes_of_the_interpreter(result)


def test_a_border_name_that_is_taken() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(LogSoftmax(), g.input("x", floats(1, 8)), name="x/int8")
        return [g.add1(Add(), x, x, name="y")]

    graph = graph_of(build)
    verify(quantize(graph, ranged(graph), None, INT16))


@pytest.mark.oracle
@pytest.mark.parametrize("name", MODELS)
def test_int16_models_are_finer_and_equal_the_interpreter(name: str, tmp_path: Path) -> None:
    """The exported file, read again, is the same integers; they are closer to the floats."""
    graph = optimize_float(load_onnx(save(MODELS[name], tmp_path)))
    x = random_sample(graph)
    samples = Samples({each: array[None] for each, array in x.items()})
    ranges = calibrate(graph, samples)
    narrow, wide = (quantize(graph, ranges, None, dtype) for dtype in (INT8, INT16))
    assert relative_noise(graph, wide, x) < relative_noise(graph, narrow, x)
    assert_bytes_of_the_interpreter(wide)
    path = tmp_path / "model.tflite"
    path.write_bytes(write_tflite(wide))
    again = load_tflite(path)
    ports = {name: drawn(np.random.default_rng(1), wide, name) for name in wide.inputs}
    for value, array in evaluate(wide, ports).items():
        np.testing.assert_array_equal(evaluate(again, ports)[value], array)


def relative_noise(graph: Graph, integer: Graph, x: dict[ValueName, Array]) -> float:
    """Return the squared error of the outputs over their energy."""
    wanted = evaluate(graph, x)
    got = evaluate(integer, {n: quantize_floats(a, integer.types[n]) for n, a in x.items()})
    error = sum(
        float(np.square(dequantized(got[n], integer.types[n]) - y).sum()) for n, y in wanted.items()
    )
    return error / sum(float(np.square(y).sum()) for y in wanted.values())
