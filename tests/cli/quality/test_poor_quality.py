"""--allow-poor: what a file's stated quantization loses ends a command, unless it is allowed."""

from pathlib import Path

import pytest
from cli.conftest import Cli
from qdq_models import two_layers


@pytest.fixture
def poor(tmp_path: Path) -> Path:
    return two_layers(tmp_path, 100.0)


def test_build_ends_and_leaves_nothing(cli: Cli, poor: Path, tmp_path: Path) -> None:
    ended = cli("build", poor, "--board", "stm32", "-o", tmp_path / "out", "--json")
    (problem,) = ended.json["error"]
    assert (ended.code, problem["code"]) == (1, "poor-quantization")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("by_file", [False, True], ids=["flag", "edgec.toml"])
def test_build_that_is_allowed_warns(
    cli: Cli, poor: Path, tmp_path: Path, *, by_file: bool
) -> None:
    config = tmp_path / "edgec.toml"
    config.write_text('board = "stm32"\n' + "allow_poor = true\n" * by_file)
    flags = [] if by_file else ["--allow-poor"]
    out = tmp_path / "out"
    ended = cli("build", poor, "--config", config, "-o", out, "--json", *flags)
    assert ended.code == 0, ended.err
    assert any("dB at node '/Conv_6'" in each for each in ended.json["warnings"])
    assert ended.json["config"]["allow_poor"] == "true"


def test_a_config_wants_true_or_false(cli: Cli, poor: Path, tmp_path: Path) -> None:
    config = tmp_path / "edgec.toml"
    config.write_text('allow_poor = "yes"\n')
    ended = cli("build", poor, "--board", "stm32", "--config", config)
    assert ended.code == 1
    assert "allow_poor: expected true or false, got 'yes'" in ended.err


def test_quantize_ends_or_is_allowed(cli: Cli, poor: Path, tmp_path: Path) -> None:
    target = tmp_path / "made.tflite"
    ended = cli("quantize", poor, "-o", target)
    assert (ended.code, "poor-quantization" in ended.err, target.exists()) == (1, True, False)
    ended = cli("quantize", poor, "-o", target, "--allow-poor")
    assert (ended.code, "dB at node" in ended.err, target.exists()) == (0, True, True)


def test_check_ends_or_is_allowed(cli: Cli, poor: Path) -> None:
    ended = cli("check", poor, "--board", "stm32", "--json")
    assert ended.code == 1
    assert [each["code"] for each in ended.json["problems"]] == ["poor-quantization"]
    assert ended.json["fits"] is True
    assert cli("check", poor, "--allow-poor").code == 0
