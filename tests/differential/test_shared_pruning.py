"""Pruning of the public models: accuracy with repair, and bytes of the firmware."""

from pathlib import Path

import numpy as np
import pytest
from oracle import Oracle, require

from edgec.driver import BuildOptions, build, run
from edgec.driver.compile import compile_model
from edgec.ir import Array, Graph
from edgec.quantization.batch import BatchEvaluator

MODELS = Path(__file__).parents[3] / "shared" / "models" / "onnx"
LOSS = 0.05
BOARD = "qemu-m4"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not MODELS.is_dir(), reason=f"{MODELS} is not there"),
]


def options(name: str, **more: str) -> BuildOptions:
    folder = MODELS / name
    files = {"model": str(folder / f"{name}.onnx"), "calib": str(folder / "calib.npz")}
    return BuildOptions(board=BOARD, **files, **more)


def accuracy(graph: Graph, name: str) -> float:
    """Return the share of the test set that an integer graph classifies as its labels say."""
    with np.load(MODELS / name / "test.npz") as file:
        data, labels = file[graph.inputs[0]], file["label"]
    (x,), (y,) = graph.inputs, graph.outputs
    scores = BatchEvaluator(graph).run({x: rows(graph, integers(graph, data))})[y]
    return float(np.mean(scores.reshape(len(labels), -1).argmax(axis=1) == labels))


def integers(graph: Graph, data: Array) -> Array:
    """Quantize samples for the one input of a graph; the axes stay as the source has them."""
    q = graph.types[graph.inputs[0]].quantization
    steps = np.rint(data / np.float32(q.scale)) + q.zero_point
    return np.asarray(np.clip(steps, -128, 127), np.int8)


def rows(graph: Graph, samples: Array) -> Array:
    """Return samples in the layout of the graph, which the exported file has too."""
    (x,) = graph.inputs
    moved = samples.transpose(graph.layouts[x]) if x in graph.layouts else samples
    return np.ascontiguousarray(moved).reshape(len(samples), *graph.types[x].shape)


@pytest.mark.parametrize("request_text", ["channels=0.25", "weights=0.5"])
@pytest.mark.parametrize("name", ["pub_lenet", "pub_dscnn", "pub_cnn1d"])
def test_accuracy_stays(name: str, request_text: str) -> None:
    whole = accuracy(compile_model(options(name)).graph, name)
    compiled = compile_model(options(name, prune=request_text))
    assert accuracy(compiled.graph, name) >= whole - LOSS
    report = compiled.pruning
    assert report is not None
    assert report.unrepaired.output_sqnr_db is not None
    assert report.repaired.output_sqnr_db is not None
    assert report.repaired.output_sqnr_db > report.unrepaired.output_sqnr_db + 8


@pytest.mark.qemu
@pytest.mark.oracle
@pytest.mark.parametrize("name", ["pub_lenet", "pub_dscnn"])
def test_flash_and_macs_fall_and_the_firmware_is_exact(name: str, tmp_path: Path) -> None:
    require(exact=True)
    whole = build(options(name, output=str(tmp_path / "whole"))).report
    pruned = build(options(name, output=str(tmp_path / "pruned"), prune="channels=0.25")).report
    found = pruned["pruning"]
    assert found["macs_before"] == whole["model"]["macs"]
    assert found["macs_after"] == pruned["model"]["macs"] < 0.65 * found["macs_before"]
    saved = whole["memory"]["flash_total_bytes"] - pruned["memory"]["flash_total_bytes"]
    assert saved >= found["weights_before"] - found["weights_after"]
    assert pruned["instructions_total"] < whole["instructions_total"]
    check_bytes(tmp_path / "pruned", name)


def check_bytes(out: Path, name: str, count: int = 20) -> None:
    """Compare firmware and interpreter on the same integers, from samples of the test set."""
    graph = compile_model(options(name, prune="channels=0.25")).graph
    (x,), (y,) = graph.inputs, graph.outputs
    with np.load(MODELS / name / "test.npz") as file:
        samples = integers(graph, file[x][:count])
    np.savez(out.parent / "few.npz", **{x: samples})
    outputs = run(out, out.parent / "few.npz").outputs[y]
    judge = Oracle((out / f"{name}.tflite").read_bytes(), exact=True)
    for index, sample in enumerate(rows(graph, samples)):
        expected = judge.run({x: sample})[y]
        assert outputs[index].tobytes() == expected.tobytes(), f"sample {index} differs"
