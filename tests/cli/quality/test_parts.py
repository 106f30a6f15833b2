"""What eval, quantize and build say of operands that a concatenation puts side by side."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from cli.conftest import Cli
from onnx import TensorProto, helper, numpy_helper

from edgec.ir import Array

SHARED = Path(__file__).parents[4] / "shared" / "cases"
FAST = ("--effort", "fast", "--json")


def saved(path: Path, nodes: list[onnx.NodeProto], weights: dict[str, Array], *out: str) -> Path:
    """Write a model with an input x [1,8] and samples of it."""
    value = helper.make_tensor_value_info
    kept = {name: array.astype(np.float32) for name, array in weights.items()}
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", TensorProto.FLOAT, [1, 8])],
        [value(name, TensorProto.FLOAT, None) for name in out],
        [numpy_helper.from_array(array, name) for name, array in kept.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    rows = np.random.default_rng(5).standard_normal((40, 8)).astype(np.float32)
    np.savez(path.with_suffix(".npz"), x=rows)
    return path


def drawn(*shape: int, gain: float = 1.0) -> Array:
    return np.asarray(gain * np.random.default_rng(sum(shape)).standard_normal(shape))


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    """Return boxes of some hundreds beside scores of at most 1."""
    nodes = [
        helper.make_node("MatMul", ["x", "b"], ["boxes"], name="boxes"),
        helper.make_node("MatMul", ["x", "s"], ["logits"], name="logits"),
        helper.make_node("Sigmoid", ["logits"], ["scores"], name="scores"),
        helper.make_node("Concat", ["boxes", "scores"], ["both"], name="both", axis=1),
    ]
    weights = {"b": drawn(8, 4, gain=60), "s": drawn(8, 6)}
    return saved(tmp_path / "detector.onnx", nodes, weights, "both")


def sibling(path: Path, *, alone: bool) -> Path:
    """Return a narrow layer with a reader, and beside it, or joined to it, a wide one."""
    nodes = [
        helper.make_node("MatMul", ["x", "n"], ["narrow"], name="narrow"),
        helper.make_node("MatMul", ["x", "w"], ["wide"], name="wide"),
        helper.make_node("MatMul", ["narrow", "r"], ["y"], name="reader"),
        helper.make_node("Concat", ["narrow", "wide"], ["both"], name="both", axis=1),
    ]
    weights = {"n": drawn(8, 8), "w": drawn(8, 8, gain=40), "r": drawn(8, 4)}
    return saved(path, nodes[:3] if alone else nodes, weights, "y", "wide" if alone else "both")


def evaluated(cli: Cli, model: Path, *options: str) -> Any:
    data = model.with_suffix(".npz")
    ended = cli("eval", model, "--data", data, "--calib", data, *options)
    assert ended.code == 0, ended.err
    return ended


def levels(found: Any) -> dict[str, float]:
    return {each["name"]: each["sqnr_db"] for each in found["layers"]}


def test_lost_scores_are_shown_and_warned_of(cli: Cli, detector: Path) -> None:
    ended = evaluated(cli, detector, "--effort", "fast")
    assert "-0.0 dB: 'scores' in 'both'" in ended.out or " 0.0 dB: 'scores' in 'both'" in ended.out
    assert "'scores' in 'both' goes from " in ended.err
    assert "export the parts as separate outputs" in ended.err
    found = evaluated(cli, detector, *FAST).json
    assert found["output_sqnr_db"] > 30
    parts = {each["operand"]: each for each in found["parts"] if each["channels"] is None}
    assert set(parts) == {None, "boxes", "scores"}
    assert parts["scores"]["sqnr_db"] < 3
    assert parts["scores"]["high"] <= 1 < parts["scores"]["step"]
    assert parts["boxes"]["sqnr_db"] > 30
    assert "both/requantize_1" in levels(found)


def test_max_drop_obeys_the_worst_part(cli: Cli, detector: Path) -> None:
    found = evaluated(cli, detector, "--max-drop", "25dB", *FAST).json
    assert found["widths"]["met"]
    assert found["widths"]["trials"][0]["output_sqnr_db"] > 25
    assert not found["widths"]["trials"][0]["met"]
    assert found["widths"]["int16_layers"] > 0
    assert min(each["sqnr_db"] for each in found["parts"] if each["judged"]) >= 25
    data, options = detector.with_suffix(".npz"), ("--max-drop", "25dB", "--quantize", "int8")
    missed = cli("eval", detector, "--data", data, "--calib", data, *options, *FAST)
    assert missed.code == 4
    assert "dB ('scores' in 'both'), " in missed.err
    (first, *_) = missed.json["max_drop"]["findings"]
    assert first["where"] == "'scores' in 'both'"
    assert first["missed_by"] == pytest.approx(25 - first["reached"])


def test_a_wide_sibling_costs_other_readers_nothing(cli: Cli, tmp_path: Path) -> None:
    joined, alone = (
        levels(evaluated(cli, sibling(tmp_path / f"{name}.onnx", alone=alone), *FAST).json)
        for name, alone in (("joined", False), ("alone", True))
    )
    assert joined["both/requantize_0"] < 20
    for name in ("narrow", "wide", "reader"):
        assert joined[name] == pytest.approx(alone[name], abs=0.5)


def test_the_report_has_all_parts(cli: Cli, detector: Path, tmp_path: Path) -> None:
    data, out = detector.with_suffix(".npz"), tmp_path / "m.tflite"
    ended = cli("quantize", detector, "--calib", data, "-o", out, *FAST)
    assert ended.code == 0, ended.err
    parts = ended.json["quantization"]["parts"]
    assert [each["operand"] for each in parts[:3]] == [None, "boxes", "scores"]
    assert ended.json["warnings"]


@pytest.mark.shared
def test_the_detector_of_the_issue(cli: Cli) -> None:
    model = SHARED / "detector_concat.onnx"
    found = evaluated(cli, model, "--max-drop", "30dB", "--json").json
    assert found["widths"]["met"]
    assert min(each["sqnr_db"] for each in found["parts"] if each["judged"]) >= 30


@pytest.mark.shared
def test_the_wide_sibling_of_the_issue(cli: Cli) -> None:
    data = SHARED / "wide_sibling.npz"
    reached = []
    for name in ("wide_sibling", "wide_sibling_alone"):
        ended = cli("eval", SHARED / f"{name}.onnx", "--data", data, "--calib", data, "--json")
        reached.append(levels(ended.json)["Conv_4"])
    assert reached[0] == pytest.approx(reached[1], abs=1)
