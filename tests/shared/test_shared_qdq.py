"""Public QDQ models by onnxruntime: the file's scales and answers, the interpreter's bytes."""

from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from oracle import Oracle

from edgec.driver import BuildOptions, build
from edgec.driver.run.regression import run_regression
from edgec.exporters import write_tflite
from edgec.frontends import load
from edgec.ir import Array, Graph, evaluate
from edgec.ops.conversion.dequantize import dequantized
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.prequantized.prequantized import Prequantized

MODELS = Path(__file__).parents[3] / "shared" / "models" / "onnx"
NAMES = ("pub_lenet", "pub_dscnn", "pub_mbv2", "pub_cnn1d")
FLAVOURS = ("pc_int8", "pc_uint8", "pt_int8", "pt_uint8")
FILES = [f"{name}/{name}.qdq_{flavour}.onnx" for name in NAMES for flavour in FLAVOURS]
CLOSE = {"pub_mbv2": 0.95}  # of outputs within one step; 16 layers round twice where others do once
pytestmark = pytest.mark.shared


@cache
def graph_of(file: str) -> Graph:
    stated = Prequantized.of(optimize_float(load(MODELS / file).graph))
    return optimize_integer(stated.integers())


def samples(file: str, count: int) -> dict[str, Array]:
    """Return every n-th test sample by input name, and the labels."""
    with np.load((MODELS / file).parent / "test.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    chosen = np.linspace(0, len(arrays["label"]) - 1, count).astype(int)
    return {key: array[chosen] for key, array in arrays.items() if key != "label"}


def answers(file: str, x: dict[str, Array]) -> Array:
    """Return onnxruntime's outputs, one sample after the other."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(MODELS / file), options)
    (name,) = x
    return np.concatenate([session.run(None, {name: row[np.newaxis]})[0] for row in x[name]])


@pytest.mark.oracle
@pytest.mark.parametrize("file", FILES)
def test_the_integers_equal_the_interpreter(file: str) -> None:
    graph = graph_of(file)
    oracle = Oracle(write_tflite(graph), exact=True)
    rng = np.random.default_rng(1)
    for _ in range(10):
        shape = graph.types[graph.inputs[0]].shape
        x = rng.integers(-128, 128, shape).astype(np.int8)
        (theirs,) = oracle.run({str(graph.inputs[0]): x}).values()
        (ours,) = evaluate(graph, {graph.inputs[0]: x}).values()
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.oracle
@pytest.mark.parametrize("file", FILES)
def test_answers_are_those_of_onnxruntime(file: str) -> None:
    """Through the interpreter, which is faster than the reference and gives the same bytes."""
    graph, x = graph_of(file), samples(file, 400)
    wanted = answers(file, x)
    oracle = Oracle(write_tflite(graph), exact=True)
    step = graph.types[graph.outputs[0]].quantization.scale
    actual = np.concatenate(
        [_run(graph, oracle, row[np.newaxis]) for row in next(iter(x.values()))]
    )
    near = np.abs(actual - wanted) <= 1.001 * step
    assert near.mean() >= CLOSE.get(file.partition("/")[0], 0.99)
    assert (actual.argmax(axis=1) == wanted.argmax(axis=1)).mean() >= 0.995


def _run(graph: Graph, oracle: Oracle, sample: Array) -> Array:
    kind, layout = graph.types[graph.inputs[0]], graph.layouts.get(graph.inputs[0])
    q = kind.quantization
    steps = np.clip(np.rint(sample / np.float32(q.scale)) + q.zero_point, -128, 127)
    moved = steps.astype(np.int8).transpose(layout or range(sample.ndim))
    (result,) = oracle.run({str(graph.inputs[0]): np.ascontiguousarray(moved)}).values()
    return dequantized(result, graph.types[graph.outputs[0]])


@pytest.mark.parametrize("file", FILES)
def test_scales_are_those_of_the_file(file: str) -> None:
    """Inputs, outputs and the weights of every layer."""
    weights = onnx.load(MODELS / file).graph.initializer
    stored = {each.name: numpy_helper.to_array(each) for each in weights}
    shift = 128 if "uint8" in file else 0
    graph = graph_of(file)
    ends = [value for value in (*graph.inputs, *graph.outputs) if f"{value}_scale" in stored]
    assert set(graph.outputs) <= set(ends)  # one model reshapes its input first
    for value in ends:
        q = graph.types[value].quantization
        assert q.scale == stored[f"{value}_scale"]
        assert q.zero_point == int(stored[f"{value}_zero_point"]) - shift
    scales = {
        tuple(float(s) for s in array.reshape(-1))
        for name, array in stored.items()
        if name.endswith("weight_scale")
    }
    layers = [node for node in graph.nodes if node.op.name in {"conv2d", "depthwise_conv2d"}]
    layers += [node for node in graph.nodes if node.op.name == "fully_connected"]
    found = {graph.types[node.inputs[1]].quantization.scales for node in layers}
    assert found == scales


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("file", FILES)
def test_firmware_equals_the_reference(file: str, tmp_path: Path) -> None:
    options = BuildOptions(model=str(MODELS / file), board="qemu-m4", output=str(tmp_path / "out"))
    build(options)
    assert not run_regression(tmp_path / "out").mismatches
