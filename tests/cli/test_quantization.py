"""eval and quantize on small float models: figures, files, options, warnings, errors."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli.conftest import Cli
from onnx import TensorProto
from onnx_models import MODELS, OnnxBuilder, save
from qdq_models import QdqBuilder

from edgec.driver.run import deployed
from edgec.driver.run.run import run_all
from edgec.exporters.tflite import write_tflite
from edgec.frontends import load
from edgec.ir import Array, DType, GraphBuilder, TensorType
from edgec.ops.layers.fully_connected import FullyConnected


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save(MODELS["lenet"], tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return written(tmp_path / "data.npz", 40)


def written(path: Path, count: int, scale: float = 1.0, seed: int = 0, **more: Array) -> Path:
    """Write normal samples for the net above."""
    rng = np.random.default_rng(seed)
    image = (scale * rng.standard_normal((count, 2, 6, 6))).astype(np.float32)
    np.savez(path, image=image, **more)
    return path


def test_eval_json_has_the_documented_keys(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    labels = np.random.default_rng(1).integers(0, 4, 30)
    test = written(tmp_path / "test.npz", 30, seed=1, label=labels)
    ended = cli("eval", model, "--data", test, "--calib", data, "--json")
    assert ended.code == 0, ended.err
    found = ended.json
    accuracy = found["accuracy"]
    assert set(accuracy) == {
        *("metric", "name", "why", "labels", "output", "higher_is_better", "unit"),
        *("float", "quantized", "loss", "more", "per_class"),
    }
    assert (accuracy["metric"], accuracy["higher_is_better"]) == ("top-1", True)
    assert accuracy["loss"] == pytest.approx(accuracy["float"] - accuracy["quantized"])
    assert found["accuracies"] == [accuracy]
    assert 0.8 < found["top1_agreement"] <= 1
    assert found["output_sqnr_db"] > 20
    assert found["layers"]
    assert {tuple(layer) for layer in found["layers"]} == {("name", "type", "sqnr_db", "hint")}
    assert found["scheme"].startswith("int8, ")


def test_eval_shows_accuracy_and_the_weakest_layers(cli: Cli, model: Path, data: Path) -> None:
    ended = cli("eval", model, "--data", data, "--effort", "fast")
    assert "output SQNR" in ended.out
    assert "weakest layers" in ended.out
    assert "accuracy" not in ended.out  # there are no labels
    assert "the data calibrated the model too" in ended.err


def test_eval_guesses_what_is_wrong_with_data_and_labels(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    labels = np.arange(30) % 4 + 1
    loud = written(tmp_path / "test.npz", 30, scale=100, label=labels)
    ended = cli("eval", model, "--data", loud, "--calib", data, "--effort", "fast", "--json")
    assert ended.code == 0, ended.err
    odd, doubt = ended.json["warnings"]
    assert odd.startswith("test.npz: 'image' goes from -")
    assert "are both scaled as in training?" in odd
    assert doubt.startswith("test.npz: labels go from 1 to 4, the model's classes from 0 to 3; do")
    short = written(tmp_path / "short.npz", 30, label=labels[:7])
    ended = cli("eval", model, "--data", short, "--calib", data, "--effort", "fast", "--json")
    assert ended.code == 1
    assert [each["message"] for each in ended.json["error"]] == [
        "arrays differ in their number of samples: 'image' has 30, 'label' has 7"
    ]


def test_quantize_writes_a_tflite_file_that_eval_reads(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "made" / "m.tflite"
    ended = cli("quantize", model, "--calib", data, "-o", out)
    assert ended.code == 0, ended.err
    assert "dB against no search, on 10 samples held out from a trial of the others" in ended.out
    graph = load(out).graph
    assert {kind.dtype for value, kind in graph.types.items() if value in graph.inputs} == {
        DType.INT8
    }
    assert [each.name for each in tmp_path.joinpath("made").iterdir()] == ["m.tflite"]


def test_quantize_overwrites_no_model(cli: Cli, model: Path, data: Path, tmp_path: Path) -> None:
    tflite = tmp_path / "m.tflite"
    assert cli("quantize", model, "--calib", data, "--effort", "fast", "-o", tflite).code == 0
    for source in (model, tflite):
        before = source.read_bytes()
        ended = cli("quantize", source, "--calib", data, "-o", source)
        assert ended.code == 2
        assert "error[invalid-option]: -o" in ended.err
        assert source.read_bytes() == before
    ended = cli("quantize", model, "--calib", data, "-o", tmp_path / "m.bin")
    assert "the quantized model is a .tflite file" in ended.err


def test_int16_activations_are_written_too(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "m.tflite"
    ended = cli("quantize", model, "--calib", data, "-o", out, "--quantize", "int16x8", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["quantization"]["scheme"].startswith("int16x8")
    graph = load(out).graph
    assert graph.types[graph.inputs[0]].dtype is DType.INT16


@pytest.mark.parametrize(("drop", "scheme"), [("20dB", "int8"), ("60dB", "int16x8")])
def test_auto_takes_int16_where_int8_is_not_enough(
    cli: Cli, model: Path, data: Path, tmp_path: Path, drop: str, scheme: str
) -> None:
    options = ("--quantize", "auto", "--max-drop", drop, "--effort", "fast", "--json")
    ended = cli("quantize", model, "--calib", data, "-o", tmp_path / "m.tflite", *options)
    assert ended.json["quantization"]["scheme"].startswith(f"{scheme}, ")


def test_max_drop_alone_mixes_the_widths_and_tells_why(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    options = ("--calib", data, "--max-drop", "33dB")
    out = tmp_path / "m.tflite"
    made = cli("quantize", model, "-o", out, *options, "--json").json["quantization"]
    assert made["scheme"].startswith("mixed int8 and int16x8, ")
    widths = made["widths"]
    assert (widths["requirement"], widths["met"]) == ("33 dB of output SQNR", True)
    assert 0 < widths["int16_layers"] < widths["layers"]
    assert not widths["trials"][0]["met"]
    assert {kind.dtype for kind in load(out).graph.types.values()} >= {DType.INT8, DType.INT16}
    assert cli("eval", model, "--data", data, *options, "--json").json["widths"] == widths
    shown = cli("eval", model, "--data", data, *options).out
    line = f"int16 in {widths['int16_layers']} of {widths['layers']} layers: meets 33 dB"
    assert line in shown
    assert "layers in int16" in shown
    assert line in cli("quantize", model, "-o", out, *options).out


@pytest.mark.qemu
def test_a_mixed_build_reports_widths_and_passes_its_test(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ("--calib", data, "--max-drop", "33dB")
    built = cli("build", model, "--board", "qemu-m4", "-o", out, *options)
    assert built.code == 0, built.err
    assert "layers: meets 33 dB of output SQNR" in built.out
    report = json.loads((out / "report.json").read_text())
    assert report["config"]["quantize"] == "auto"
    assert {layer["dtype"] for layer in report["layers"]} == {"int8", "int16"}
    page = (out / "report.html").read_text()
    assert "layers are int16, which meets 33 dB of output SQNR" in page
    assert cli("test", out).code == 0


def test_bad_samples_are_named_in_the_text_and_in_json_and_do_no_harm(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    fresh, bad = written(tmp_path / "fresh.npz", 60, seed=5), tmp_path / "bad.npz"
    with np.load(data) as file:
        image = file["image"].copy()
    image[7, 1, 2, 3] = 1e4
    np.savez(bad, image=image)
    fast = ("--effort", "fast", "--json")
    good, ended = (
        cli("eval", model, "--data", fresh, "--calib", each, *fast) for each in (data, bad)
    )
    assert ended.json["output_sqnr_db"] > good.json["output_sqnr_db"] - 1
    named = "'image': sample 7 (1e+04): up to "
    assert named in ended.err
    ended = cli("quantize", model, "--calib", bad, "-o", tmp_path / "m.tflite", "--json")
    assert any(named in text for text in ended.json["warnings"])
    kept = cli("eval", model, "--data", fresh, "--calib", bad, "--calibration", "minmax", *fast)
    assert kept.json["output_sqnr_db"] < good.json["output_sqnr_db"] - 20


def test_samples_of_one_class_are_warned_of(cli: Cli, model: Path, tmp_path: Path) -> None:
    alike = written(tmp_path / "alike.npz", 20, label=np.full(20, 2))
    ended = cli("quantize", model, "--calib", alike, "-o", tmp_path / "m.tflite", "--json")
    assert any("all 20 samples are of class 2" in each for each in ended.json["warnings"])


def test_random_calibration_works_and_warns(cli: Cli, model: Path, tmp_path: Path) -> None:
    ended = cli("quantize", model, "--calib", "random", "-o", tmp_path / "m.tflite")
    assert ended.code == 0
    assert "RANDOM samples" in ended.err
    again = tmp_path / "again.tflite"
    cli("quantize", model, "--calib", "random", "-o", again)
    assert again.read_bytes() == (tmp_path / "m.tflite").read_bytes()


def test_without_samples_the_error_says_how_to_make_some(
    cli: Cli, model: Path, tmp_path: Path
) -> None:
    ended = cli("quantize", model, "-o", tmp_path / "m.tflite")
    assert ended.code == 1
    assert "error[calibration-needed]" in ended.err
    assert "image=<float32 samples x 2x6x6>" in ended.err
    assert not (tmp_path / "m.tflite").exists()


@pytest.mark.parametrize(
    ("kind", "shape", "says"),
    [
        (TensorProto.FLOAT, (6,), "x=<float32 samples x 6>"),
        (TensorProto.UINT8, (1, 6), "x=<uint8 samples x 6>"),
        (TensorProto.BOOL, (1, 6), "x=<bool samples x 6>"),
        (TensorProto.FLOAT, (2, 6), "x=<float32 samples x 2x6>"),
    ],
)
def test_samples_are_asked_for_in_the_type_and_shape_that_are_taken(
    kind: int, shape: tuple[int, ...], says: str, cli: Cli, tmp_path: Path
) -> None:
    b = OnnxBuilder()
    x = b.input("x", shape, kind)
    if kind == TensorProto.BOOL:
        x = b.add("Where", x, b.random(1, 6), b.random(1, 6))
    elif kind != TensorProto.FLOAT:
        x = b.add("Cast", x, to=TensorProto.FLOAT)
    path = save(b.model(b.add("MatMul", x, b.random(6, 3))), tmp_path)
    asked = cli("quantize", path, "-o", tmp_path / "m.tflite")
    assert says in asked.err
    count = [50, *(shape[1:] if shape[0] == 1 else shape)]
    numbers = np.random.default_rng(0).integers(0, 2, count)
    dtype = says.partition("<")[2].partition(" ")[0]
    np.savez(tmp_path / "calib.npz", x=numbers.astype(dtype))
    quantized = ("quantize", path, "-o", tmp_path / "m.tflite", "--calib", tmp_path / "calib.npz")
    assert cli(*quantized).code == 0


@pytest.mark.parametrize(
    "options",
    [("--calibration", "best"), ("--quantize", "int4"), ("--max-drop", "much"), ("--effort", "9")],
)
def test_values_that_options_do_not_take(
    cli: Cli, model: Path, data: Path, options: tuple[str, str]
) -> None:
    ended = cli("eval", model, "--data", data, *options)
    assert ended.code == 2
    assert "error[invalid-option]" in ended.err
    assert options[1] in ended.err


def test_pixels_for_a_model_of_small_numbers_are_noticed(
    cli: Cli, model: Path, tmp_path: Path
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 2, 6, 6)).astype(np.float32)
    np.savez(tmp_path / "pixels.npz", image=image)
    ended = cli("eval", model, "--data", tmp_path / "pixels.npz", "--effort", "fast")
    assert "divide by 255" in ended.err


def test_an_integer_file_has_no_float_figures(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "m.tflite"
    cli("quantize", model, "--calib", data, "-o", out, "--effort", "fast")
    rows = np.random.default_rng(2).standard_normal((5, 6, 6, 2)).astype(np.float32)
    np.savez(tmp_path / "t.npz", image=rows, label=np.arange(5) % 4)
    found = cli("eval", out, "--data", tmp_path / "t.npz", "--json").json
    assert found["accuracy"]["float"] is None
    assert 0 <= found["accuracy"]["quantized"] <= 1
    assert (found["output_sqnr_db"], found["layers"]) == (None, [])


def test_an_integer_file_is_written_as_it_is(
    cli: Cli, model: Path, data: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "one.tflite", tmp_path / "two.tflite"
    cli("quantize", model, "--calib", data, "-o", first, "--effort", "fast")
    ended = cli("quantize", first, "-o", second)
    assert "quantized already" in ended.out
    assert load(second).graph.types == load(first).graph.types


def test_eval_of_an_autoencoder_is_about_its_errors(cli: Cli, tmp_path: Path) -> None:
    graph = autoencoder(tmp_path / "ae.tflite")
    rng = np.random.default_rng(3)
    label = np.arange(40) % 2
    rows = rng.standard_normal((40, 2)) @ np.ones((2, 6)) + 3 * label[
        :, None
    ] * rng.standard_normal((40, 6))
    np.savez(tmp_path / "t.npz", x=rows.astype(np.float32), anomaly=label)
    found = cli("eval", graph, "--data", tmp_path / "t.npz", "--effort", "fast", "--json").json
    assert found["accuracy"]["metric"] == "AUC of the squared error"
    assert found["accuracy"]["float"] > 0.9
    assert found["accuracy"]["quantized"] > 0.9
    assert found["top1_agreement"] is None


def autoencoder(path: Path) -> Path:
    """Write a float model that keeps the mean of six values, and nothing else."""
    g = GraphBuilder("ae")
    x = g.input("x", TensorType((1, 6), DType.FLOAT32))
    weights = g.constant("w", np.full((6, 6), 1 / 6, np.float32))
    (y,) = g.add(FullyConnected(), [x, weights, g.constant("b", np.zeros(6, np.float32))], name="y")
    path.write_bytes(write_tflite(g.build([y])))
    return path


@pytest.mark.qemu
def test_eval_runs_the_samples_in_firmware(cli: Cli, model: Path, data: Path) -> None:
    options = ("--effort", "fast", "--on", "emulator", "--board", "qemu-m0", "--json")
    ended = cli("eval", model, "--data", data, *options)
    assert ended.code == 0, ended.err
    found = ended.json["on"]
    assert found.pop("instructions") > 1000
    assert found == {"place": "emulator", "board": "qemu-m0", "samples": 40, "mismatches": 0}


@pytest.mark.qemu
def test_eval_fails_where_firmware_differs(
    cli: Cli, model: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_wrong(*arguments: Any) -> Any:
        outputs, counts = run_all(*arguments)
        outputs[3][0] = bytes(byte ^ 1 for byte in outputs[3][0])
        return outputs, counts

    monkeypatch.setattr(deployed, "run_all", one_wrong)
    ended = cli("eval", model, "--data", data, "--effort", "fast", "--on", "emulator")
    assert ended.code == 4
    assert "FAILED: qemu-m4, emulator: 1 of 40 samples" in ended.out


def test_eval_of_a_qdq_file_has_float_figures(cli: Cli, tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.qdq(b.input("x", [1, 6]), 0.03)
    w = b.stored(b.integers(5, 6), np.array(0.01), np.array(0, np.int8))
    path = b.file(tmp_path, b.qdq(b.add("Gemm", x, w, transB=1), 0.05))
    rows = np.random.default_rng(6).standard_normal((20, 6)).astype(np.float32)
    np.savez(tmp_path / "t.npz", x=rows)
    found = cli("eval", path, "--data", tmp_path / "t.npz", "--json").json
    assert found["scheme"].startswith("as in the file")
    assert found["top1_agreement"] > 0.8
    assert 25 < found["output_sqnr_db"] < 60


def test_eval_on_a_place_that_is_none_fails_at_once(cli: Cli, model: Path, data: Path) -> None:
    ended = cli("eval", model, "--data", data, "--on", "moon")
    assert ended.code == 2
    assert "emulator, host" in ended.err


def test_other_processors_come_to_the_same_file(model: Path, data: Path, tmp_path: Path) -> None:
    """OpenBLAS adds up in another order on an old processor; float32 sums would show it."""
    made = []
    for processor in ("", "Prescott"):
        out = tmp_path / f"{processor}.tflite"
        paths = [str(model), "--calib", str(data), "-o", str(out)]
        command = [sys.executable, "-m", "edgec", "quantize", *paths]
        environment = {**os.environ, "OPENBLAS_CORETYPE": processor}
        subprocess.run(command, env=environment, check=True, capture_output=True)
        made.append(out.read_bytes())
    assert made[0] == made[1]
