"""Commands that need no build: help, lists, pages, and how the program itself ends."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.conftest import Cli

import edgec
import edgec.cli.compile.check
from edgec.error_catalog import CATALOG
from edgec.targets.board import board_names

EDGEC = [sys.executable, "-m", "edgec"]
ROOT = Path(__file__).parents[2]


def run_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*EDGEC, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def test_help_fits_one_screen(cli: Cli) -> None:
    ended = cli("--help")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80
    for command in (
        "build",
        "check",
        "run",
        "test",
        "inspect",
        "boards",
        "ops",
        "doctor",
        "explain",
    ):
        assert re.search(rf"^  {command} +\w", ended.out, re.MULTILINE), command


def test_version(cli: Cli) -> None:
    assert cli("--version").out == f"edgec {edgec.__version__}\n"


def test_no_command_prints_the_help(cli: Cli) -> None:
    ended = cli()
    assert ended.code == 2
    assert "Commands:" in ended.out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["compile", "m.onnx"], "edgec build"),
        (["bulid"], "edgec build"),
        (["simulate", "out"], "edgec run"),
        (["model.tflite"], "edgec build model.tflite --board stm32"),
        (["boards", "stm32"], "edgec boards show stm32"),
        (["build", "--bord", "stm32"], "--board"),
        (["frobnicate"], "edgec --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_command_teaches_the_right_one(cli: Cli, arguments: list[str], hint: str) -> None:
    ended = cli(*arguments)
    assert ended.code == 2
    assert hint in ended.err
    assert ended.out == ""


def test_boards(cli: Cli) -> None:
    assert [each["id"] for each in cli("boards", "--json").json["boards"]] == list(board_names())
    assert "stm32f405" in cli("boards").out
    shown = cli("boards", "show", "stm32")
    assert "0x08000000" in shown.out
    document = cli("boards", "show", "stm32", "--json").json
    assert document["ram_bytes"] == 128 * 1024
    assert document["isa"] == "dsp"


def test_ops(cli: Cli) -> None:
    operators = {each["name"]: each for each in cli("ops", "--json").json["operators"]}
    assert operators["conv2d"]["onnx"] == ["Conv"]
    assert operators["conv2d"]["tflite"] == ["CONV_2D"]
    assert {each["backend"] for each in operators["conv2d"]["kernels"]} == {
        "cmsis_nn",
        "portable_c",
    }
    assert "CONV_2D" in cli("ops").out
    assert "no groups" in cli("ops", "--markdown").out


def test_every_code_can_be_explained(cli: Cli) -> None:
    listed = cli("explain")
    for code, page in CATALOG.items():
        assert code in listed.out
        shown = cli("explain", code).out
        assert page.title in shown
        assert page.remedy.splitlines()[0] in shown
        assert cli("explain", code, "--json").json["code"] == code
    assert "does-not-fit" in cli("explain", "error[does-not-fit]:").out


def test_doctor_finds_what_is_installed(cli: Cli) -> None:
    ended = cli("doctor", "--json")
    findings = {each["name"]: each for each in ended.json["findings"]}
    assert findings["Python"]["ok"]
    assert findings["CMSIS-NN"]["version"].startswith("V.")
    assert ended.code == (0 if ended.json["ok"] else 3)


def test_inspect(cli: Cli, model: Path) -> None:
    document = cli("inspect", model, "--json").json
    assert document["quantized"] is True
    assert document["inputs"][0]["shape"] == [1, 8, 8, 1]
    assert [each["op"] for each in document["layers"]] == ["conv2d", "fully_connected", "softmax"]
    assert document["macs"] == 36 * 4 * 9 + 5 * 144
    assert document["params"] == 4 * 9 + 4 + 5 * 144
    shown = cli("inspect", model).out
    assert "fully_connected" in shown
    assert f"{document['macs']:,} MACs" in shown


def test_check_says_what_a_build_would_use(cli: Cli, model: Path) -> None:
    document = cli("check", model, "--board", "stm32", "--json").json
    assert document["supported"] is True
    assert document["fits"] is True
    assert document["problems"] == []
    assert document["transposes"] == 0
    assert [each["backend"] for each in document["layers"]] == ["cmsis_nn"] * 3
    assert "fits stm32f405" in cli("check", model, "-b", "stm32").out


def test_dump_prints_the_graph(cli: Cli, model: Path) -> None:
    text = cli("dump", model, "--after", "import").out
    assert text.startswith("graph ")
    assert "conv2d(" in text
    document = cli("dump", model, "--json").json
    assert "import" in document["passes"]
    assert document["after"] in document["passes"]
    after_last = cli("dump", model, "--after", document["after"], "--json").json
    assert document["graph"] == after_last["graph"]


def test_results_go_to_stdout_and_talk_to_stderr(model: Path) -> None:
    fine = run_process("inspect", model)
    assert fine.returncode == 0
    assert fine.stderr == ""
    assert "conv2d" in fine.stdout
    wrong = run_process("inspect", "none.tflite")
    assert wrong.returncode == 1
    assert wrong.stdout == ""
    assert wrong.stderr.startswith("error[file-not-found]: ")
    assert "\x1b" not in fine.stdout + wrong.stderr, "no colours in a pipe"


def test_json_errors_are_one_document(model: Path) -> None:
    ended = run_process("build", model, "--board", "nothing", "--json")
    assert ended.returncode == 1
    assert ended.stderr == ""
    (problem,) = json.loads(ended.stdout)["error"]
    assert set(problem) == {"code", "message", "place", "help", "notes"}


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m edgec ops --markdown | head -n 1"
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ended.stdout == "# Supported operators\n"
    assert ended.stderr == ""


def test_an_interrupt_ends_quietly(cli: Cli, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(edgec.cli.compile.check, "check_model", interrupted)
    ended = cli("check", model)
    assert (ended.code, ended.out, ended.err) == (130, "", "")


@pytest.fixture
def broken_check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make `edgec check` fail as a bug would, with bug files in ``tmp_path``."""

    def broken(*_: object, **__: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(edgec.cli.compile.check, "check_model", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.mark.usefixtures("broken_check")
def test_a_bug_says_how_to_report_it(cli: Cli, model: Path, tmp_path: Path) -> None:
    ended = cli("check", model)
    assert ended.code == 70
    assert "error[bug]" in ended.err
    assert "report" in ended.err
    assert "Traceback" not in ended.err
    (details,) = tmp_path.glob("edgec-bug-*.txt")
    assert str(details) in ended.err
    text = details.read_text()
    assert f"command: edgec check {model}" in text
    assert "IndexError: list index out of range" in text
    assert "Traceback" in text


@pytest.mark.usefixtures("broken_check")
def test_a_bug_under_json_is_json(cli: Cli, model: Path) -> None:
    ended = cli("check", model, "--json")
    assert ended.code == 70
    assert ended.err == ""
    assert ended.json["error"][0]["code"] == "bug"


@pytest.mark.usefixtures("broken_check")
def test_debugging_shows_the_traceback(
    cli: Cli, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEC_DEBUG", "1")
    ended = cli("check", model)
    assert ended.code == 70
    assert "Traceback" in ended.err
    assert list(tmp_path.glob("edgec-bug-*")) == []
