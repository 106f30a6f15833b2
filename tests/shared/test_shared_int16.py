"""Public float ONNX models with int16 activations: firmware, reference, interpreter, floats."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ops.runtimes import Runtime
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.frontends import load
from edgec.ir import Array, DType, Graph, ValueName, evaluate
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quality.sqnr import integer_values, output_sqnr_db
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples, read_samples

MODELS = Path(__file__).parents[3] / "shared" / "models" / "onnx"
NAMES = ("pub_lenet", "pub_dscnn", "pub_mbv2", "pub_cnn1d", "pub_ae")
GAIN = {  # dB above int8, both with plain min-max ranges; what is left is noise of the weights
    "pub_lenet": 4.0,
    "pub_dscnn": 8.0,
    "pub_mbv2": 5.0,
    "pub_cnn1d": 3.0,
    "pub_ae": 0.0,
}
pytestmark = pytest.mark.shared


@cache
def optimized(name: str) -> Graph:
    return optimize_float(load(MODELS / name / f"{name}.onnx").graph)


@cache
def quantized(name: str, activations: DType) -> Graph:
    graph = optimized(name)
    ranges = calibrate(graph, read_samples(MODELS / name / "calib.npz", graph))
    return optimize_integer(quantize(graph, ranges, None, activations))


def held_out(name: str, count: int) -> Samples:
    return read_samples(MODELS / name / "test.npz", optimized(name)).first(count)


def inputs(name: str, count: int) -> list[dict[ValueName, Array]]:
    """Return test samples as int16."""
    graph = quantized(name, DType.INT16)
    values = integer_values(graph, held_out(name, count).arrays)
    return [{port: values[port][index] for port in graph.inputs} for index in range(count)]


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_the_int16_graph_equals_the_interpreter(name: str) -> None:
    graph = quantized(name, DType.INT16)
    oracle = Oracle(write_tflite(graph), exact=True)
    for x in inputs(name, 20):
        expected = oracle.run({str(port): array for port, array in x.items()})
        for port, actual in evaluate(graph, x).items():
            np.testing.assert_array_equal(actual, expected[port])


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("board", ["qemu-m4", "qemu-m55", "qemu-m0"])
@pytest.mark.parametrize("name", NAMES)
def test_the_firmware_equals_the_reference(name: str, board: str, tmp_path: Path) -> None:
    graph, samples = quantized(name, DType.INT16), inputs(name, 3)
    results = Runtime(board, "auto").run(graph, samples, tmp_path)
    for x, outputs in zip(samples, results, strict=True):
        for expected, actual in zip(evaluate(graph, x).values(), outputs, strict=True):
            np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("name", NAMES)
def test_int16_is_closer_to_the_floats(name: str) -> None:
    x = held_out(name, 50).arrays
    floats = BatchEvaluator(optimized(name)).run(x)
    wanted = {port: floats[port] for port in optimized(name).outputs}
    reached = {
        each: output_sqnr_db(quantized(name, each), x, wanted) for each in (DType.INT8, DType.INT16)
    }
    assert reached[DType.INT16] > reached[DType.INT8] + GAIN[name], reached
