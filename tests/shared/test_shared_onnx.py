"""Public float ONNX models of both exporters: import, layout, quantization, against two judges."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from onnx_models import assert_close, evaluate_source, run_onnxruntime, to_source
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.frontends import load
from edgec.ir import Array, Graph, ValueName, evaluate
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.conversion.quantize import quantize_floats
from edgec.ops.movement.transpose import Transpose
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.samples import Samples, read_samples

MODELS = Path(__file__).parents[3] / "shared" / "models" / "onnx"
NAMES = ("pub_lenet", "pub_dscnn", "pub_mbv2", "pub_cnn1d", "pub_ae")
CLASSIFIERS = NAMES[:4]  # their test sets have a label
VARIANTS = ("", ".ts13", ".ts17fold", ".dynamo18", ".dynamo25")
LABELED = 200  # of the test samples: enough for 1 %
pytestmark = pytest.mark.shared


def float_files() -> list[str]:
    names = [f"{name}/{name}{variant}.onnx" for name in NAMES for variant in VARIANTS]
    return [name for name in names if not name.endswith("pub_lenet.ts17fold.onnx")]


@cache
def optimized(file: str) -> Graph:
    return optimize_float(load(MODELS / file).graph)


@cache
def quantized(file: str) -> Graph:
    graph = optimized(file)
    samples = read_samples((MODELS / file).parent / "calib.npz", graph)
    return optimize_integer(quantize(graph, calibrate(graph, samples)))


def held_out(file: str) -> Samples:
    return read_samples((MODELS / file).parent / "test.npz", optimized(file))


def integers(graph: Graph, sample: dict[ValueName, Array]) -> dict[ValueName, Array]:
    return {name: quantize_floats(array, graph.types[name]) for name, array in sample.items()}


@pytest.mark.parametrize("file", float_files())
def test_float_results_equal_onnxruntime(file: str) -> None:
    original, graph = load(MODELS / file).graph, optimized(file)
    samples = held_out(file)
    for index in (0, len(samples) - 1):
        ours = samples.sample(index)
        x = {name: to_source(graph, name, array) for name, array in ours.items()}
        expected = run_onnxruntime((MODELS / file).read_bytes(), x)
        for each in (original, graph):
            for name, actual in evaluate_source(each, x).items():
                assert_close(actual, expected[name])


@pytest.mark.parametrize("file", float_files())
def test_no_transpose_is_left(file: str) -> None:
    assert not [node for node in optimized(file).nodes if isinstance(node.op, Transpose)]


@pytest.mark.oracle
@pytest.mark.parametrize("file", float_files())
def test_the_int8_graph_equals_the_interpreter(file: str) -> None:
    graph, samples = quantized(file), held_out(file)
    oracle = Oracle(write_tflite(graph), exact=True)
    for index in range(20):
        x = integers(graph, samples.sample(index))
        expected = oracle.run({str(name): array for name, array in x.items()})
        for name, actual in evaluate(graph, x).items():
            np.testing.assert_array_equal(actual, expected[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_quantization_costs_less_than_one_percent(name: str) -> None:
    file = f"{name}/{name}.onnx"
    graph, floats, samples = quantized(file), optimized(file), held_out(file)
    (labels,) = samples.labels
    chosen = np.linspace(0, len(samples) - 1, LABELED).astype(int)
    right = {"float": 0, "int8": 0}
    for index in chosen:
        sample, label = samples.sample(index), labels.values[index]
        (y,) = evaluate(floats, sample).values()
        (q,) = evaluate(graph, integers(graph, sample)).values()
        right["float"] += int(y.argmax() == label)
        right["int8"] += int(q.argmax() == label)
    assert right["int8"] >= right["float"] - 0.01 * LABELED


@pytest.mark.parametrize("name", NAMES)
def test_outputs_stay_close_to_float(name: str) -> None:
    """More than 30 dB: onnxruntime's min-max quantization reaches 32 to 39 on these models."""
    file = f"{name}/{name}.onnx"
    graph, floats, samples = quantized(file), optimized(file), held_out(file)
    noise = signal = 0.0
    for index in range(50):
        sample = samples.sample(index)
        (y,) = evaluate(floats, sample).values()
        (q,) = evaluate(graph, integers(graph, sample)).values()
        noise += float(((dequantized(q, graph.types[graph.outputs[0]]) - y) ** 2).sum())
        signal += float((y**2).sum())
    assert 10 * np.log10(signal / noise) > 30
