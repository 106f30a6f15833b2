"""--max-drop that is missed: exit code 4, the work written whole, and by how much on what."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from cli.conftest import Cli, Ended
from onnx import TensorProto, helper, numpy_helper
from qdq_models import two_layers

from edgec.frontends import load
from edgec.ir import Array, evaluate

FAST = ("--effort", "fast")
INT8 = ("--quantize", "int8")


def network(path: Path, *, last: str = "", outputs: int = 4, gain: float = 1.0) -> Path:
    """Write dense 8 -> 16 -> outputs, and a final function; beside it samples and held-out data."""
    rng = np.random.default_rng(3)
    weights = {
        "v": rng.standard_normal((8, 16)),
        "w": gain * rng.standard_normal((16, outputs)),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "v"], ["h"], name="first"),
        helper.make_node("Relu", ["h"], ["r"], name="relu"),
        helper.make_node("MatMul", ["r", "w"], ["z" if last else "y"], name="second"),
    ]
    if last:
        nodes.append(helper.make_node(last, ["z"], ["y"], name="final"))
    kind = TensorProto.INT64 if last == "ArgMax" else TensorProto.FLOAT
    if last == "ArgMax":
        nodes[-1].attribute.append(helper.make_attribute("axis", 1))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", TensorProto.FLOAT, [1, 8])],
        [value("y", kind, None)],
        [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    rows = rng.standard_normal((80, 8)).astype(np.float32)
    scores = np.maximum(rows.astype(np.float64) @ weights["v"], 0) @ weights["w"]
    label = scores.argmax(axis=1)
    np.savez(path.with_suffix(".npz"), x=rows[:40])
    np.savez(path.with_name("labelled.npz"), x=rows[:40], label=label[:40])
    np.savez(path.with_name("test.npz"), x=rows[40:], label=label[40:])
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return network(tmp_path / "m.onnx")


def calibrated(cli: Cli, command: str, model: Path, *options: object) -> Ended:
    return cli(command, model, "--calib", model.with_suffix(".npz"), *options)


def slow_db(wanted: Array, got: Array) -> float:
    """Return the SQNR by its definition."""
    noise = sum((float(a) - float(b)) ** 2 for a, b in zip(wanted.flat, got.flat, strict=True))
    return float(10 * np.log10(sum(float(a) ** 2 for a in wanted.flat) / noise))


@pytest.mark.qemu
def test_a_build_that_misses_is_whole_and_ends_with_4(cli: Cli, model: Path) -> None:
    out = model.with_name("out")
    options = ("-b", "qemu-m4", "-o", out, *FAST, *INT8, "--max-drop", "60dB")
    ended = calibrated(cli, "build", model, *options)
    assert ended.code == 4
    assert "error[max-drop-missed]: --max-drop asks for 60 dB of output SQNR; " in ended.err
    assert "dB too few, on 40 calibration samples, against the float model" in ended.err
    assert "held-out samples, of a trial made of the others" in ended.err
    assert "try --quantize auto" in ended.err
    found = json.loads((out / "report.json").read_text())["quantization"]
    dropped = found["max_drop"]
    assert (dropped["met"], dropped["asked"], dropped["unit"]) == (False, True, "dB")
    least = min(each["reached"] for each in dropped["findings"])
    assert dropped["missed_by"] == pytest.approx(60 - least)
    assert found["measured_on"] == "40 calibration samples"
    assert cli("test", out).code == 0
    assert "quality output SQNR" in ended.out
    again = calibrated(cli, "build", model, *options, "--json")
    assert again.code == 4
    assert again.json["quantization"]["max_drop"] == dropped
    page = (out / "report.html").read_text()
    assert (
        f"This misses 60 dB of output SQNR: by {60 - dropped['findings'][0]['reached']:.2f}" in page
    )
    assert ", measured on 40 calibration samples. " in page


def test_the_file_is_written_and_the_code_is_4(cli: Cli, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "q.tflite"
    ended = calibrated(cli, "quantize", model, "-o", out, *FAST, "--max-drop", "150dB", "--json")
    assert ended.code == 4
    assert out.stat().st_size == ended.json["bytes"]
    assert not ended.json["quantization"]["max_drop"]["met"]
    assert "no wider type" in ended.err or "try --effort best" in ended.err
    fine = calibrated(cli, "quantize", model, "-o", out, *FAST, "--max-drop", "20dB", "--json")
    assert fine.code == 0
    assert fine.json["quantization"]["max_drop"]["met"]
    assert "max-drop" not in fine.err


def test_a_limit_that_nobody_asked_for_is_a_warning(cli: Cli, tmp_path: Path, model: Path) -> None:
    graph = onnx.load(model)  # one weight in each row leaves nothing of the others
    for name, gain in (("v", 1e-4), ("w", 1e4)):
        (stored,) = [each for each in graph.graph.initializer if each.name == name]
        weights = numpy_helper.to_array(stored).copy()
        weights[(slice(None), 0) if name == "v" else 0] *= gain
        stored.CopyFrom(numpy_helper.from_array(weights, name))
    onnx.save(graph, model)
    options = ("-o", tmp_path / "q.tflite", *FAST, "--quantize", "auto")
    ended = calibrated(cli, "quantize", model, *options, "--json")
    assert ended.code == 0
    assert "--quantize auto looks for 20 dB of output SQNR; reached: " in ended.err
    dropped = ended.json["quantization"]["max_drop"]
    assert (dropped["met"], dropped["asked"]) == (False, False)


def findings(ended: Ended) -> dict[str, Any]:
    return {each["measured_on"]: each for each in ended.json["max_drop"]["findings"]}


def test_points_are_missed_on_the_data_of_eval_alone(cli: Cli, model: Path) -> None:
    """Calibration shows half of the range: the other samples are clipped and seen as others."""
    data, calib = np.load(model.with_name("test.npz")), model.with_suffix(".npz")
    loud = {"x": 6 * data["x"], "label": data["label"]}
    np.savez(model.with_name("loud.npz"), **loud)
    options = ("--calib", calib, *FAST, *INT8, "--max-drop", "6", "--json")
    ended = cli("eval", model, "--data", model.with_name("loud.npz"), *options)
    found = findings(ended)
    missed = found.pop("the 40 samples of loud.npz")
    assert all(each["met"] for each in found.values())
    accuracy = ended.json["accuracy"]
    assert missed["reached"] == pytest.approx(100 * (accuracy["float"] - accuracy["quantized"]))
    assert missed["missed_by"] == pytest.approx(missed["reached"] - 6)
    assert ended.code == 4
    assert "points lost, " in ended.err
    assert ended.err.count("error[max-drop-missed]") == 1
    quiet = cli("eval", model, "--data", model.with_name("test.npz"), *options)
    assert quiet.code == 0


def test_one_of_few_held_out_samples_is_no_miss(cli: Cli, model: Path) -> None:
    """Ten samples cannot show half a point: each is ten."""
    options = ("--data", model.with_name("test.npz"), *FAST, *INT8, "--max-drop", "0.5", "--json")
    found = findings(calibrated(cli, "eval", model, *options))
    (held,) = [each for name, each in found.items() if "held-out" in name]
    assert held["resolution"] == pytest.approx(10)
    assert held["met"] == (held["reached"] <= 10.5)


def test_points_mean_nothing_to_a_model_without_classes(cli: Cli, tmp_path: Path) -> None:
    model = network(tmp_path / "m.onnx", outputs=1)
    for command, more in (
        ("quantize", ("-o", tmp_path / "q.tflite")),
        ("eval", ("--data", model.with_suffix(".npz"))),
        ("build", ("-b", "qemu-m4", "-o", tmp_path / "out")),
    ):
        ended = calibrated(cli, command, model, *more, *FAST, "--max-drop", "0.5")
        assert ended.code == 2, ended.err
        assert "--max-drop 0.5: " in ended.err
        assert "ask for dB" in ended.err
    assert not (tmp_path / "q.tflite").exists()
    assert not (tmp_path / "out").exists()


def test_integers_alone_cannot_be_compared(cli: Cli, model: Path, tmp_path: Path) -> None:
    made = tmp_path / "q.tflite"
    assert calibrated(cli, "quantize", model, "-o", made, *FAST).code == 0
    ended = cli("build", made, "-b", "qemu-m4", "-o", tmp_path / "out", "--max-drop", "30dB")
    assert ended.code == 1
    assert "error[max-drop-needs-float]" in ended.err
    assert not (tmp_path / "out").exists()


def test_stated_quantizations_are_compared_with_their_own_floats(cli: Cli, tmp_path: Path) -> None:
    model = two_layers(tmp_path, 0.05)
    (name,) = [each.name for each in onnx.load(model).graph.input]
    rows = np.random.default_rng(1).standard_normal((16, 4, 6, 6)).astype(np.float32)
    np.savez(tmp_path / "calib.npz", **{name: rows})
    options = ("-o", tmp_path / "q.tflite", "--json")
    ended = cli("quantize", model, *options, "--max-drop", "90dB")
    assert ended.code == 1
    assert "needs samples" in ended.json["error"][0]["message"]
    calib = ("--calib", tmp_path / "calib.npz")
    ended = cli("quantize", model, *options, *calib, "--max-drop", "90dB")
    assert ended.code == 4
    assert "on the first 16 samples of calib.npz, against the floats that the file states" in (
        ended.err
    )
    assert cli("quantize", model, *options, *calib, "--max-drop", "5dB").code == 0


def test_pruning_counts(cli: Cli, model: Path, tmp_path: Path) -> None:
    options = ("-o", tmp_path / "q.tflite", *FAST, "--max-drop", "25dB", "--json")
    ended = calibrated(cli, "quantize", model, *options, "--prune", "channels=0.5")
    assert ended.code == 4
    dropped = ended.json["quantization"]["max_drop"]["findings"]
    against = {each["against"]: each for each in dropped}
    assert against["the float model"]["met"]
    assert not against["the model before pruning"]["met"]
    assert "against the model before pruning" in ended.err
    assert calibrated(cli, "quantize", model, *options).code == 0


@pytest.mark.parametrize("last", ["Softmax", "Sigmoid"])
def test_figures_are_of_the_real_outputs_and_what_lies_before_is_named(
    cli: Cli, tmp_path: Path, last: str
) -> None:
    """The output's figure by its definition, from what `edgec run` answers."""
    model = network(tmp_path / "m.onnx", last=last, gain=0.2)
    data, made = model.with_name("test.npz"), tmp_path / "q.tflite"
    options = ("--data", data, "--calib", model.with_suffix(".npz"), *FAST, "--json")
    found = cli("eval", model, *options).json
    before = {"Softmax": "softmax", "Sigmoid": "logistic"}[last]
    named = {each["before"]: each["sqnr_db"] for each in found["parts"] if not each["channels"]}
    assert set(named) == {None, before}
    assert named[None] == pytest.approx(found["output_sqnr_db"])
    assert abs(named[before] - named[None]) > 1
    assert found["worst_part_sqnr_db"] == pytest.approx(min(named.values()))
    assert calibrated(cli, "quantize", model, "-o", made, *FAST).code == 0
    rows = np.load(data)["x"]
    weights = {
        each.name: numpy_helper.to_array(each) for each in onnx.load(model).graph.initializer
    }
    z = np.maximum(rows @ weights["v"], 0) @ weights["w"]
    wanted = 1 / (1 + np.exp(-z))
    if last == "Softmax":
        wanted = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    got = interpreted(made, rows)
    assert found["output_sqnr_db"] == pytest.approx(slow_db(wanted, got), abs=0.1)
    shown = cli("eval", model, *options[:-1]).out
    assert f"'y' before its {before}" in shown


def interpreted(path: Path, rows: Array) -> Array:
    """Return the real outputs of a .tflite file, of the integers that edgec's reference gives."""
    graph = load(path).graph
    (x,), (y,) = graph.inputs, graph.outputs
    enter, leave = (graph.types[each].quantization for each in (x, y))
    answers = []
    for row in rows:
        q = np.clip(np.round(row / enter.scale) + enter.zero_point, -128, 127).astype(np.int8)
        made = evaluate(graph, {x: q.reshape(graph.types[x].shape)})[y].astype(np.float64)
        answers.append(((made - leave.zero_point) * leave.scale).reshape(-1))
    return np.stack(answers)


def test_an_arg_max_has_no_signal_to_noise_of_its_own(cli: Cli, tmp_path: Path) -> None:
    model = network(tmp_path / "m.onnx", last="ArgMax")
    options = ("--data", model.with_suffix(".npz"), *FAST, "--json")
    found = calibrated(cli, "eval", model, *options).json
    assert found["output_sqnr_db"] is None
    assert {each["before"] for each in found["parts"]} == {"arg_max"}
    assert found["worst_part_sqnr_db"] > 20
    missed = calibrated(cli, "eval", model, *options, *INT8, "--max-drop", "90dB")
    assert missed.code == 4
    (first, *_) = missed.json["max_drop"]["findings"]
    assert first["reached"] == pytest.approx(found["worst_part_sqnr_db"])


def test_scores_that_become_nothing_behind_a_sigmoid_are_seen(cli: Cli, tmp_path: Path) -> None:
    """Before the sigmoid 40 dB are fine; behind it all scores are less than half a step."""
    model = network(tmp_path / "m.onnx", last="Sigmoid", gain=0.01)
    graph = onnx.load(model)
    nodes = graph.graph.node
    nodes.insert(3, helper.make_node("Add", ["z", "low"], ["s"], name="low"))
    nodes[4].input[0] = "s"
    low = numpy_helper.from_array(np.full(4, -9, np.float32), "low")
    graph.graph.initializer.append(low)
    onnx.save(graph, model)
    options = ("--data", model.with_suffix(".npz"), *FAST, "--json")
    found = calibrated(cli, "eval", model, *options, *INT8, "--max-drop", "25dB")
    assert found.code == 4
    assert found.json["output_sqnr_db"] < 3
    assert "'y' goes from " in found.err
