"""``--shape`` on every command that reads a model file, and files that state their scales."""

from pathlib import Path

import numpy as np
import pytest
from cli.conftest import Cli
from onnx_models import OnnxBuilder
from oracle import Oracle
from qdq_models import QdqBuilder, integers

from edgec.ir import evaluate


@pytest.fixture
def open_model(tmp_path: Path) -> Path:
    """Return a model whose image may have any height."""
    b = OnnxBuilder()
    x = b.conv(b.input("image", ["batch", 1, "height", 6]), (1, 3))
    b.add("Relu", b.add("GlobalAveragePool", x), output="y")
    path = tmp_path / "open.onnx"
    path.write_bytes(b.model("y").SerializeToString())
    return path


@pytest.mark.parametrize("command", ["check", "inspect", "dump"])
def test_commands_take_a_shape(command: str, cli: Cli, open_model: Path) -> None:
    assert cli(command, open_model).code == 1
    ended = cli(command, open_model, "--shape", "image=1,1,5,6", "--json")
    assert ended.code == 0
    if command == "inspect":
        assert ended.json["inputs"][0]["shape"] == [1, 1, 5, 6]


@pytest.mark.parametrize("command", ["check", "inspect", "dump"])
def test_a_wrong_shape_is_a_wrong_use(command: str, cli: Cli, open_model: Path) -> None:
    ended = cli(command, open_model, "--shape", "image=1,5,6")
    assert ended.code == 2
    assert "error[invalid-shape]" in ended.err


def test_quantizing_takes_a_shape(cli: Cli, open_model: Path, tmp_path: Path) -> None:
    calib, made = tmp_path / "calib.npz", tmp_path / "made.tflite"
    np.savez(calib, image=np.random.default_rng(0).normal(size=(9, 1, 5, 6)).astype(np.float32))
    shape = ["--shape", "image=1,1,5,6"]
    options = ["--calib", calib, "--effort", "fast", *shape]
    assert cli("quantize", open_model, "-o", made, *options).code == 0
    assert made.stat().st_size
    ended = cli("eval", open_model, "--data", calib, *options, "--json")
    assert ended.json["output_sqnr_db"] > 20


def stating(folder: Path, *, all_of_it: bool) -> Path:
    b = QdqBuilder()
    x = b.qdq(b.input("x", [1, 8]), 0.03, 5)
    w = b.stored(b.integers(8, 5), np.array(0.02), np.array(0, np.int8))
    y = b.add("MatMul", x, w)
    return b.file(folder, b.qdq(y, 0.3, 3) if all_of_it else y)


@pytest.mark.oracle
def test_a_model_with_scales_needs_no_samples(cli: Cli, tmp_path: Path) -> None:
    path, made = stating(tmp_path, all_of_it=True), tmp_path / "made.tflite"
    assert cli("quantize", path, "-o", made).code == 0
    graph = integers(path)
    x = np.arange(-4, 4, dtype=np.int8).reshape(1, 8)
    (ours,) = evaluate(graph, {graph.inputs[0]: x}).values()
    (theirs,) = Oracle(made.read_bytes(), exact=True).run({"x": x}).values()
    np.testing.assert_array_equal(ours, theirs)


def test_samples_quantize_what_a_file_leaves_in_float(cli: Cli, tmp_path: Path) -> None:
    path, calib = stating(tmp_path, all_of_it=False), tmp_path / "calib.npz"
    np.savez(calib, x=np.random.default_rng(0).normal(size=(9, 8)).astype(np.float32))
    made = ["quantize", path, "-o", tmp_path / "made.tflite"]
    ended = cli(*made)
    assert (ended.code, "error[incomplete-quantization]" in ended.err) == (1, True)
    assert cli(*made, "--calib", calib).code == 0


def test_pruning_needs_a_float_model(cli: Cli, tmp_path: Path) -> None:
    path = stating(tmp_path, all_of_it=True)
    ended = cli("quantize", path, "-o", tmp_path / "m.tflite", "--prune", "weights=0.5")
    assert ended.code == 1
    assert "error[prune-needs-float]" in ended.err
