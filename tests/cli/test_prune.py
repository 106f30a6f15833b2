"""--prune from the command line to the firmware: the report, and what is refused."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from cli.conftest import Cli
from onnx_models import OnnxBuilder
from oracle import Oracle, require

from edgec.frontends import load

SAMPLES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small float model, model.onnx, and samples, calib.npz."""
    folder = tmp_path_factory.mktemp("prune")
    b = OnnxBuilder(17)
    x = b.input("image", [1, 2, 8, 8])
    x = b.add("Relu", b.conv(x, (2, 8), (3, 3)))
    y = b.add("Relu", b.conv(x, (8, 8), (3, 3), group=8))
    x = b.add("Add", x, b.conv(y, (8, 8), (3, 3)))
    x = b.add("Flatten", b.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]))
    b.add("Identity", b.linear(x, 128, 5), output="scores")
    onnx.save(b.model("scores", shapes=[(1, 5)]), folder / "model.onnx")
    rng = np.random.default_rng(0)
    np.savez(folder / "calib.npz", image=rng.standard_normal((SAMPLES, 2, 8, 8), np.float32))
    return folder


def flags(folder: Path, out: Path, *more: object) -> list[object]:
    model, calib = folder / "model.onnx", folder / "calib.npz"
    return ["build", model, "-b", "qemu-m4", "--calib", calib, "-o", out, *more]


@pytest.mark.qemu
def test_a_pruned_build_is_smaller_and_still_exact(cli: Cli, folder: Path, tmp_path: Path) -> None:
    reports = {}
    for name, more in (("whole", []), ("pruned", ["--prune", "channels=0.5"])):
        ended = cli(*flags(folder, tmp_path / name, "--json", *more))
        assert ended.code == 0, ended.out
        reports[name] = ended.json
    whole, pruned = reports["whole"], reports["pruned"]
    assert whole["pruning"] is None
    found = pruned["pruning"]
    assert found["macs_before"] == whole["model"]["macs"]
    assert found["macs_after"] == pruned["model"]["macs"] < 0.5 * whole["model"]["macs"]
    assert pruned["memory"]["weights_bytes"] < 0.6 * whole["memory"]["weights_bytes"]
    assert pruned["instructions_total"] < whole["instructions_total"]
    assert pruned["config"]["prune"] == "channels=0.5"
    assert sorted(each["channels_after"] for each in found["families"]) == [4]
    assert found["output_sqnr_db"] > found["output_sqnr_db_unrepaired"]
    assert "MACs before pruning" in (tmp_path / "pruned" / "report.html").read_text()
    assert cli("test", tmp_path / "pruned").code == 0


@pytest.mark.qemu
@pytest.mark.oracle
def test_the_interpreter_computes_what_the_firmware_does(
    cli: Cli, folder: Path, tmp_path: Path
) -> None:
    require(exact=True)
    out, result, inputs = (tmp_path / name for name in ("out", "result.npz", "inputs.npz"))
    images = np.random.default_rng(3).integers(-128, 128, (12, 2, 8, 8), np.int8)
    np.savez(inputs, image=images)
    assert cli(*flags(folder, out, "--prune", "channels=0.25")).code == 0
    assert cli("run", out, "--input", inputs, "--output", result).code == 0
    judge = Oracle((out / "model.tflite").read_bytes(), exact=True)
    for index, image in enumerate(images.transpose(0, 2, 3, 1)):
        expected = judge.run({"image": image[np.newaxis]})["scores"]
        np.testing.assert_array_equal(np.load(result)["scores"][index], expected[0])


@pytest.mark.qemu
def test_pruned_weights_are_zeros_in_the_integer_model(
    cli: Cli, folder: Path, tmp_path: Path
) -> None:
    ended = cli(*flags(folder, tmp_path / "out", "--prune", "weights=0.5,global"))
    assert ended.code == 0, ended.err
    graph = load(tmp_path / "out" / "model.tflite").graph
    weights = [graph.constants[node.inputs[1]] for node in graph.nodes if len(node.inputs) == 3]
    zeros = sum(int((each == 0).sum()) for each in weights)
    assert zeros >= 0.5 * sum(each.size for each in weights)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert f"{report['pruning']['nonzero_weights_after']:,} weights" in ended.out


def test_a_config_file_may_ask_for_it(
    cli: Cli, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f'model = "{folder / "model.onnx"}"\nboard = "qemu-m4"\nprune = "channels=1.5"\n'
    (tmp_path / "edgec.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    ended = cli("build")
    assert ended.code == 2
    assert "error[invalid-prune]: --prune channels=1.5: the share of channels is 1.5" in ended.err


@pytest.mark.parametrize("value", ["channels=1.5", "neurons=0.5", "weights=x", "global"])
def test_bad_values_are_usage_errors(cli: Cli, folder: Path, tmp_path: Path, value: str) -> None:
    ended = cli(*flags(folder, tmp_path / "out", "--prune", value))
    assert ended.code == 2
    assert f"error[invalid-prune]: --prune {value}" in ended.err
    assert not (tmp_path / "out").exists()


def test_an_integer_model_is_refused(cli: Cli, model: Path, tmp_path: Path) -> None:
    ended = cli("build", model, "-b", "qemu-m4", "-o", tmp_path / "o", "--prune", "channels=0.5")
    assert ended.code == 1
    assert "error[prune-needs-float]: --prune channels=0.5" in ended.err
    assert "help: give the float model" in ended.err


def test_a_share_of_less_than_a_channel_is_refused(cli: Cli, folder: Path, tmp_path: Path) -> None:
    ended = cli(*flags(folder, tmp_path / "out", "--prune", "channels=0.01"))
    assert ended.code == 1
    assert "error[nothing-to-prune]" in ended.err
