"""Models whose labels are numbers to be hit: their outputs get the width they need."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from cli.conftest import Cli
from onnx_models import OnnxBuilder

from edgec.ir import Array

GOAL = 40.0  # dB
ROWS = 96


@pytest.fixture
def regressor(tmp_path: Path) -> Path:
    """Return a network with two numbers as outputs."""
    b = OnnxBuilder(seed=3)
    hidden = b.add("Relu", b.linear(b.input("x", [1, 6]), 6, 16))
    onnx.save(b.model(b.linear(hidden, 16, 2, "y")), tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def samples(model: Path, **labels: Array) -> Path:
    """Write samples with labels beside a model."""
    rows = np.random.default_rng(7).standard_normal((ROWS, 6)).astype(np.float32)
    np.savez(model.with_suffix(".npz"), x=rows, **labels)
    return model.with_suffix(".npz")


def numbers() -> Array:
    return np.random.default_rng(8).standard_normal((ROWS, 2)).astype(np.float32)


def quantization(cli: Cli, model: Path, calib: Path, *more: str) -> dict[str, Any]:
    out = model.parent / "out"
    ended = cli("build", model, "-b", "qemu-m4", "--calib", calib, "-o", out, "--json", *more)
    assert ended.code == 0, ended.err
    found: dict[str, Any] = ended.json["quantization"]
    return found


@pytest.mark.qemu
def test_outputs_that_are_numbers_reach_40_db(cli: Cli, regressor: Path) -> None:
    calib = samples(regressor, target=numbers())
    narrow = quantization(cli, regressor, calib, "--quantize", "int8")
    assert narrow["output_sqnr_db"] < GOAL, "else this shows nothing"
    assert narrow["widths"] is None
    found = quantization(cli, regressor, calib)
    assert found["worst_part_sqnr_db"] >= GOAL
    assert found["widths"]["requirement"] == "40 dB of output SQNR"
    assert found["widths"]["int16_layers"] > 0
    assert "'target' are numbers to be hit; --quantize int8" in found["widths"]["why"]
    assert found["max_drop"]["asked"] is False
    assert cli("test", regressor.parent / "out").code == 0


def test_eval_says_why(cli: Cli, regressor: Path) -> None:
    calib = samples(regressor, target=numbers())
    ended = cli("eval", regressor, "--calib", calib, "--data", calib, "--effort", "fast")
    assert "'target' are numbers to be hit" in ended.out
    assert "MAE of 'y'" in ended.out


@pytest.mark.parametrize(
    ("labels", "more"),
    [
        ({"label": np.arange(ROWS) % 2}, ()),
        ({"target": numbers()}, ("--max-drop", "10dB")),
        ({}, ()),
    ],
    ids=["classes", "asked", "unlabelled"],
)
def test_others_stay_as_they_are(
    cli: Cli, regressor: Path, labels: dict[str, Array], more: tuple[str, ...]
) -> None:
    calib = samples(regressor, **labels)
    ended = cli("eval", regressor, "--calib", calib, "--data", calib, "--effort", "fast", *more)
    assert ended.code == 0, ended.err
    assert "numbers to be hit" not in ended.out


def test_a_goal_that_is_missed_is_said_and_no_error(cli: Cli, tmp_path: Path) -> None:
    """Weights that cancel each other to a thousandth are beyond int8, in either width."""
    b = OnnxBuilder(seed=4)
    x = b.input("x", [1, 6])
    twice = b.add("Concat", x, x, axis=1)
    rows = b.rng.standard_normal((1, 6)).astype(np.float32)
    faint = rows * b.rng.uniform(1 - 2e-3, 1, rows.shape)
    onnx.save(b.model(cancelled(b, twice, np.concatenate([rows, -faint], 1))), tmp_path / "m.onnx")
    calib = samples(tmp_path / "m.onnx", target=numbers()[:, :1])
    ended = cli("eval", tmp_path / "m.onnx", "--calib", calib, "--data", calib, "--effort", "fast")
    assert ended.code == 0, ended.err
    assert "these look for 40 dB of output SQNR; reached:" in ended.err


def cancelled(b: OnnxBuilder, x: str, weights: Array) -> str:
    kernel = b.weight(weights.astype(np.float32))
    return b.add("Gemm", x, kernel, output="y", transB=1)
