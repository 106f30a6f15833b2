"""edgec check --board looks at the flash too: weights exactly, code as an estimate."""

from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Cli, small_graph
from cli.test_errors import SMALL_BOARD, check_error
from onnx import ModelProto
from onnx_models import OnnxBuilder

from edgec.driver import BuildOptions, build
from edgec.driver.compile.check import integer_preview
from edgec.driver.compile.compile import lower_graph, target_of
from edgec.driver.compile.fit import flash_estimate
from edgec.exporters.tflite import write_tflite
from edgec.frontends import load
from edgec.ops.registry import Format
from edgec.targets.board import load_board

FLASH = "size = 0x40_0000"


def wide(features: int) -> ModelProto:
    """Return a float model with features x features weights."""
    b = OnnxBuilder()
    x = b.input("x", [1, features])
    b.add("MatMul", x, b.random(features, features), output="y")
    return b.model("y")


def check(cli: Cli, folder: Path, flash_bytes: int) -> tuple[int, Any, str]:
    """Check the wide model on a board with so much flash; return code, document, what is said."""
    (folder / "model.onnx").write_bytes(wide(512).SerializeToString())
    assert FLASH in SMALL_BOARD
    (folder / "b.toml").write_text(SMALL_BOARD.replace(FLASH, f"size = {flash_bytes}"))
    arguments = ("check", folder / "model.onnx", "-b", folder / "b.toml")
    said = cli(*arguments)
    ended = cli(*arguments, "--json")
    assert said.code == ended.code
    return ended.code, ended.json, said.out + said.err


def test_weights_alone_are_too_many(cli: Cli, tmp_path: Path) -> None:
    code, document, said = check(cli, tmp_path, 250 << 10)
    assert code == 4
    assert document["fits"] is False
    assert "error[does-not-fit]: the weights alone take 26" in said
    assert "does not fit b" in said
    assert int(str(document["weights_bytes"])) >= 512 * 512


def test_a_build_says_so_before_it_compiles(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(write_tflite(small_graph(size=20, channels=8)))
    (tmp_path / "b.toml").write_text(SMALL_BOARD.replace(FLASH, "size = 0x2000"))
    ended = cli("build", path, "-b", tmp_path / "b.toml", "-o", tmp_path / "o")
    check_error(ended, "does-not-fit", 4)


def test_code_is_an_estimate_and_a_warning(cli: Cli, tmp_path: Path) -> None:
    code, document, said = check(cli, tmp_path, 260 << 10)
    assert code == 0
    assert document["fits"] is None
    assert document["problems"] == []
    (warning,) = document["warnings"]
    assert "of code (an estimate)" in warning
    assert "flash of b may be too small" in said
    assert "may not fit b" in said


def test_plenty_fits(cli: Cli, tmp_path: Path) -> None:
    code, document, said = check(cli, tmp_path, 400 << 10)
    assert code == 0
    assert document["fits"] is True
    assert document["warnings"] == []
    assert "(an estimate)" in said


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["microbit", "stm32", "ek-ra8m1"])
@pytest.mark.parametrize("kernels", ["auto", "portable"])
def test_the_estimate_is_near_a_build(
    board: str, kernels: str, model: Path, tmp_path: Path
) -> None:
    options = BuildOptions(model=str(model), board=board, kernels=kernels, output=str(tmp_path))
    memory = build(options).report["memory"]
    graph = integer_preview(load(model).graph, Format.TFLITE)
    program, _ = lower_graph(graph, target_of(load_board(board), kernels), kernels)
    found = flash_estimate(program)
    assert found.weights <= memory["weights_bytes"] <= found.weights + 16 * len(program.constants)
    assert 1 / 1.4 < memory["code_bytes"] / found.code < 1.4
