"""Pruning of the public models: accuracy with repair, and bytes of the firmware."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from oracle import Oracle, require

from edgec.driver import BuildOptions, build, open_output, run
from edgec.driver.compile.compile import compile_model
from edgec.ir import Array, TensorType
from edgec.quantization.samples.batch_evaluator import BatchEvaluator

MODELS = Path(__file__).parents[3] / "shared" / "models" / "onnx"
LOSS = 0.05
BOARD = "qemu-m4"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not MODELS.is_dir(), reason=f"{MODELS} is not there"),
]


def options(name: str, *, prune: str = "", output: str = "") -> BuildOptions:
    folder = MODELS / name
    model, calib = folder / f"{name}.onnx", folder / "calib.npz"
    return BuildOptions(board=BOARD, model=str(model), calib=str(calib), prune=prune, output=output)


@cache
def accuracy(name: str, request_text: str) -> float:
    """Return the share of the test set that the int8 model classifies as its labels say."""
    graph = compile_model(options(name, prune=request_text)).graph
    (x,), (y,) = graph.inputs, graph.outputs
    with np.load(MODELS / name / "test.npz") as file:
        data, labels = integers(graph.types[x], file[x]), file["label"]
    scores = BatchEvaluator(graph).run({x: rows(data, graph.types[x], graph.layouts.get(x))})[y]
    return float(np.mean(scores.reshape(len(labels), -1).argmax(axis=1) == labels))


def integers(kind: TensorType, data: Array) -> Array:
    """Quantize samples for an input; the axes stay as the source has them."""
    steps = np.rint(data / np.float32(kind.quantization.scale)) + kind.quantization.zero_point
    return np.asarray(np.clip(steps, -128, 127), np.int8)


def rows(samples: Array, kind: TensorType, layout: Sequence[int] | None) -> Array:
    """Return samples in the layout of our graph, which the exported file has too."""
    moved = samples if layout is None else samples.transpose(layout)
    return np.ascontiguousarray(moved).reshape(len(samples), *kind.shape)


@pytest.mark.slow
@pytest.mark.parametrize("request_text", ["channels=0.25", "channels=0.25,global", "weights=0.5"])
@pytest.mark.parametrize("name", ["pub_lenet", "pub_dscnn"])
def test_accuracy_stays(name: str, request_text: str) -> None:
    assert accuracy(name, request_text) >= accuracy(name, "") - LOSS


@pytest.mark.slow
def test_linear_bottlenecks_lose_the_channels_that_others_tell() -> None:
    """By the size of filters alone it would be 9 points."""
    assert accuracy("pub_mbv2", "channels=0.25") >= accuracy("pub_mbv2", "") - LOSS


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
    assert found["output_sqnr_db"] > found["output_sqnr_db_unrepaired"] + 8
    check_bytes(tmp_path / "pruned", name)


def check_bytes(out: Path, name: str, count: int = 20) -> None:
    """Compare firmware and interpreter on the same integers, from samples of the test set."""
    (x,), (y,) = open_output(out).inputs, open_output(out).outputs
    with np.load(MODELS / name / "test.npz") as file:
        samples = integers(x.type, file[x.name][:count])
    np.savez(out.parent / "few.npz", **{x.name: samples})
    outputs = run(out, out.parent / "few.npz").outputs[y.name]
    judge = Oracle((out / f"{name}.tflite").read_bytes(), exact=True)
    for index, sample in enumerate(rows(samples, x.type, x.layout)):
        expected = judge.run({x.name: sample})[y.name]
        assert outputs[index].tobytes() == expected.tobytes(), f"sample {index} differs"
