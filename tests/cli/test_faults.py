"""What the world does to a command: full disks, odd files, broken tools. Never exit 70."""

import io
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest
from cli.conftest import Cli, Ended
from cli.test_errors import check_error
from onnx import TensorProto, helper


def relu(folder: Path) -> Path:
    """Write a float model with one input ``x``."""
    x, y = (helper.make_tensor_value_info(each, TensorProto.FLOAT, [1, 4]) for each in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset]), folder / "m.onnx")
    return folder / "m.onnx"


CONFIGS = {
    "deep": "a=" + "[" * 5000,
    "deep tables": "a=" + "{b=" * 5000,
    "digits": "a=" + "9" * 5000,
    "NUL in model": 'model = "a\\u0000b"',
    "NUL in output": 'output = "\\u0000"',
    "NUL in calib": 'calib = "\\u0000"',
    "NUL in a board's path": 'board = "\\u0000.toml"',
    "NUL in a board": 'board = "\\u0000"',
    "NUL in cmsis_nn": 'cmsis_nn = "\\u0000"',
    "long output": f'output = "{"x" * 300}"',
    "long model": f'model = "{"x" * 300}"',
    "longer model": f'model = "{"x/" * 5000}"',
    "long board": f'board = "{"x" * 300}.toml"',
    "the root": 'output = "/"',
    "here": 'output = "."',
}


@pytest.mark.parametrize("name", CONFIGS)
def test_odd_configurations(cli: Cli, model: Path, tmp_path: Path, name: str) -> None:
    text = CONFIGS[name]
    (tmp_path / "edgec.toml").write_text(text)
    flags: list[object] = [model] if "model" not in text else []
    flags += ["-b", "stm32"] if "board" not in text else []
    ended = cli("build", *flags, "--config", tmp_path / "edgec.toml")
    assert ended.code in {1, 2, 3}, ended
    assert "error[" in ended.err


@pytest.fixture(params=["/dev/zero", "fifo", "folder", "/dev/null", "long", "link to zero"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the path of what is no file; ending in .toml where it can."""
    path = tmp_path / "odd.toml"
    if request.param == "fifo":
        os.mkfifo(path)
    elif request.param == "folder":
        path.mkdir()
    elif request.param == "long":
        return tmp_path / ("x" * 300 + ".toml")
    elif request.param == "link to zero":
        path.symlink_to("/dev/zero")
    else:
        return Path(request.param)
    return path


def test_what_is_no_file_is_not_read(
    cli: Cli, model: Path, built: Path, tmp_path: Path, odd: Path
) -> None:
    board = str(odd) if odd.suffix == ".toml" else f"{odd}.toml"
    for command in (
        ["check", odd],
        ["inspect", odd],
        ["build", odd, "-b", "stm32"],
        ["quantize", relu(tmp_path), "--calib", odd, "-o", tmp_path / "o.tflite"],
        ["build", model, "-b", "stm32", "--config", odd],
        ["build", model, "-b", board],
        ["boards", "show", board],
        ["test", built, "--data", odd],
        ["run", odd],
        ["compare", odd, built],
    ):
        ended = cli(*command)
        assert ended.code in {1, 2, 3}, (command, ended)
        assert "error[" in ended.err


TOOLS = {
    "silent": "exit 0\n",
    "killed": "kill -9 $$\n",
    "junk": 'while [ $# -gt 0 ]; do [ "$1" = -o ] && { echo junk >"$2"; '
    'echo junk >"${2%.o}.ci"; }; shift; done\n',
    "no text": "printf '\\377\\000'; printf '\\377' >&2; exit 3\n",
}


@pytest.mark.parametrize("variable", ["EDGEC_ARM_GCC", "EDGEC_QEMU", "EDGEC_CC"])
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.qemu
def test_broken_tools(
    cli: Cli,
    model: Path,
    built: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    tool: str,
) -> None:
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n" + TOOLS[tool])
    program.chmod(0o755)
    monkeypatch.setenv(variable, str(program))
    commands = {
        "EDGEC_ARM_GCC": ["build", model, "-b", "stm32", "-o", tmp_path / "out"],
        "EDGEC_QEMU": ["run", built],
        "EDGEC_CC": ["run", built, "--on", "host"],
    }
    ended = cli(*commands[variable])
    assert ended.code in {1, 3}, ended
    assert not (tmp_path / "out").exists()
    if (variable, tool) == ("EDGEC_ARM_GCC", "silent"):
        check_error(ended, "tool-failed", 3)
        assert "failed to write" in ended.err


def run_elsewhere(*arguments: object, **options: Any) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "edgec", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, **options)


def test_files_may_not_grow(model: Path, tmp_path: Path) -> None:
    """EFBIG, which is how a full disk looks: what stood at the place before stays."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

    target = tmp_path / "o.tflite"
    target.write_bytes(b"before")
    ended = run_elsewhere("quantize", model, "-o", target, preexec_fn=limit)
    assert ended.returncode == 1, ended
    assert b"error[unwritable-output]" in ended.stderr
    assert target.read_bytes() == b"before"
    ended = run_elsewhere("build", model, "-b", "stm32", "-o", tmp_path / "out", preexec_fn=limit)
    assert ended.returncode == 1, ended
    assert b"error[unwritable-output]" in ended.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["o.tflite"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="platform: /dev/full is Linux'")
def test_full_standard_output() -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "edgec", "boards", "list"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 3
    assert b"error[system-refused]" in ended.stderr
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_terminals_without_unicode(model: Path, tmp_path: Path, encoding: str) -> None:
    named = (
        tmp_path / "w\N{LATIN SMALL LETTER O WITH STROKE}rter\N{GREEK SMALL LETTER ALPHA}.tflite"
    )
    shutil.copyfile(model, named)
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for command in (
        ["inspect", named],
        ["explain"],
        ["explain", "unknown-key"],
        ["ops"],
        ["boards", "list"],
    ):
        ended = run_elsewhere(*command, env=environment)
        assert ended.returncode == 0, ended
        assert ended.stdout.decode(encoding)


def test_names_that_are_no_text(model: Path, tmp_path: Path) -> None:
    named = tmp_path / os.fsdecode(b"m\xff\xe4.tflite")
    shutil.copyfile(model, named)
    for command in (
        ["check", named],
        ["inspect", named],
        ["quantize", named, "-o", tmp_path / "o.tflite"],
    ):
        ended = run_elsewhere(*command)
        assert ended.returncode == 0, ended


def failing(function: Callable[..., Any], calls: Iterator[int], at: int) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        if next(calls) == at:
            raise OSError(28, "No space left on device", str(arguments[0]))
        return function(*arguments, **options)

    return call


_SYSTEM = ((os, "mkdir"), (os, "open"), (io, "open"), (os, "replace"), (os, "rename"), (os, "stat"))


def test_every_call_of_the_system_may_fail(
    cli: Cli, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The n-th call fails, for every n until none is left to fail."""
    target = tmp_path / "o.tflite"
    ended: list[Ended] = []
    for at in range(200):
        calls = iter(range(1000))
        with monkeypatch.context() as patch:
            for module, name in _SYSTEM:
                patch.setattr(module, name, failing(getattr(module, name), calls, at))
            ended.append(cli("quantize", model, "-o", target))
        assert ended[-1].code in {0, 1, 2, 3}, (at, ended[-1])
        assert [each.name for each in tmp_path.iterdir()] in ([], ["o.tflite"])
        if next(calls) <= at:
            break
    assert ended[-1].code == 0
    assert len({each.code for each in ended}) > 1
