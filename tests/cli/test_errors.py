"""What users get wrong: code, exit code, help; never a traceback, and JSON stays one document."""

import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from cli.conftest import Cli, Ended, small_graph
from onnx import TensorProto, helper

from edgec.error_catalog import CATALOG
from edgec.exporters.tflite import write_tflite

SMALL_BOARD = """
schema = 1
name = "A small board"
cpu = "cortex-m4"
clock_hz = 25_000_000

[[memory]]
name = "flash"
origin = 0x0000_0000
size = 0x40_0000
holds = ["text", "weights"]

[[memory]]
name = "sram"
origin = 0x2000_0000
size = 0x8000
holds = ["data", "arena", "stack"]

[console]
driver = "uart_pl011"
base = 0x4000_4000
"""


def check_error(ended: Ended, code: str, exit_code: int) -> None:
    """Check an error in either form; every code has a page."""
    assert ended.code == exit_code, ended
    assert "Traceback" not in ended.err + ended.out
    assert code in CATALOG
    if ended.err:
        assert ended.out == ""
        assert f"error[{code}]: " in ended.err
        assert "  help: " in ended.err
    else:
        problems = ended.json["error"]
        assert code in [each["code"] for each in problems]
        assert all(each["message"] and each["help"] for each in problems)


Maker = Callable[[Path, Path], list[object]]


def missing_file(folder: Path, model: Path) -> list[object]:
    return ["build", folder / "none.onnx", "-b", "stm32"]


def text_named_onnx(folder: Path, model: Path) -> list[object]:
    (folder / "m.onnx").write_text("These are not the weights you are looking for.\n")
    return ["build", folder / "m.onnx", "-b", "stm32"]


def truncated(folder: Path, model: Path) -> list[object]:
    (folder / "cut.tflite").write_bytes(model.read_bytes()[:700])
    return ["build", folder / "cut.tflite", "-b", "stm32"]


def unsupported(folder: Path, model: Path) -> list[object]:
    node = helper.make_node("NonZero", ["x"], ["y"], name="finder")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.INT64, [2, 4])
    made = helper.make_model(
        helper.make_graph([node], "g", [x], [y]), opset_imports=[helper.make_opsetid("", 17)]
    )
    onnx.save(made, folder / "m.onnx")
    return ["build", folder / "m.onnx", "-b", "stm32"]


def uncalibrated(folder: Path, model: Path) -> list[object]:
    node = helper.make_node("Relu", ["x"], ["y"], name="relu")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    made = helper.make_model(
        helper.make_graph([node], "g", [x], [y]), opset_imports=[helper.make_opsetid("", 17)]
    )
    onnx.save(made, folder / "m.onnx")
    return ["build", folder / "m.onnx", "-b", "stm32"]


def unknown_board(folder: Path, model: Path) -> list[object]:
    return ["build", model, "-b", "stm33"]


def too_large(folder: Path, model: Path) -> list[object]:
    (folder / "small.toml").write_text(SMALL_BOARD)
    path = folder / "large.tflite"
    path.write_bytes(write_tflite(small_graph(size=64, channels=16)))
    return ["build", path, "-b", folder / "small.toml", "-o", folder / "out"]


def too_large_to_link(folder: Path, model: Path) -> list[object]:
    """The arena and the weights fit: only the linker sees that code and stack do not."""
    board = SMALL_BOARD.replace("0x40_0000", "2048").replace("0x8000", "640")
    (folder / "tiny.toml").write_text(board)
    return ["build", model, "-b", folder / "tiny.toml", "-o", folder / "out"]


def blocked_output(folder: Path, model: Path) -> list[object]:
    (folder / "file").write_text("in the way")
    return ["build", model, "-b", "stm32", "-o", folder / "file" / "out"]


def output_of_others(folder: Path, model: Path) -> list[object]:
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.tex").write_text("years of work")
    return ["build", model, "-b", "stm32", "-o", folder / "mine"]


def no_options(folder: Path, model: Path) -> list[object]:
    return ["build", model]


def wrong_kernels(folder: Path, model: Path) -> list[object]:
    return ["build", model, "-b", "stm32", "--kernels", "fast"]


def misspelt_config(folder: Path, model: Path) -> list[object]:
    (folder / "c.toml").write_text('bord = "stm32"\n')
    return ["build", model, "--config", folder / "c.toml"]


def broken_config(folder: Path, model: Path) -> list[object]:
    (folder / "c.toml").write_text("board = stm32\n")
    return ["build", model, "--config", folder / "c.toml"]


def no_cmsis_nn(folder: Path, model: Path) -> list[object]:
    return ["build", model, "-b", "stm32", "-o", folder / "out", "--cmsis-nn", folder]


def no_output_folder(folder: Path, model: Path) -> list[object]:
    return ["run", folder]


def no_such_code(folder: Path, model: Path) -> list[object]:
    return ["explain", "does-not-fitt"]


def no_such_pass(folder: Path, model: Path) -> list[object]:
    return ["dump", model, "--after", "dead_cod"]


def no_such_command(folder: Path, model: Path) -> list[object]:
    return ["bulid", model]


def no_such_flag(folder: Path, model: Path) -> list[object]:
    return ["build", model, "--bord", "stm32"]


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(
    ("make", "code", "exit_code"),
    [
        (missing_file, "file-not-found", 1),
        (text_named_onnx, "unknown-format", 1),
        (truncated, "malformed-model", 1),
        (unsupported, "unsupported-operator", 1),
        (uncalibrated, "calibration-needed", 1),
        (unknown_board, "unknown-board", 1),
        (too_large, "does-not-fit", 4),
        (too_large_to_link, "does-not-fit", 4),
        (blocked_output, "unwritable-output", 1),
        (output_of_others, "output-in-use", 1),
        (no_options, "missing-option", 2),
        (wrong_kernels, "invalid-option", 2),
        (misspelt_config, "unknown-option", 1),
        (broken_config, "malformed-config", 1),
        (no_cmsis_nn, "cmsis-nn-missing", 3),
        (no_output_folder, "not-an-output", 1),
        (no_such_code, "unknown-code", 2),
        (no_such_pass, "unknown-pass", 2),
        (no_such_command, "unknown-command", 2),
        (no_such_flag, "usage", 2),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_user_error(
    cli: Cli, tmp_path: Path, model: Path, make: Maker, code: str, exit_code: int, *, as_json: bool
) -> None:
    arguments = make(tmp_path, model)
    before = sorted(tmp_path.rglob("*"))
    ended = cli(*arguments, *(["--json"] if as_json else []))
    check_error(ended, code, exit_code)
    assert ended.err == "" or not as_json
    assert sorted(tmp_path.rglob("*")) == before, "a failed command leaves nothing behind"


@pytest.mark.shared
def test_float_tflite_without_samples_gets_advice(cli: Cli) -> None:
    shared = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"
    ended = cli("build", shared / "pretrainedResnet.tflite", "-b", "stm32")
    check_error(ended, "calibration-needed", 1)
    assert "--calib" in ended.err


def test_what_does_not_fit_is_named_with_its_buffers(cli: Cli, tmp_path: Path, model: Path) -> None:
    problem = cli(*too_large(tmp_path, model), "--json").json["error"][0]
    needed, arena, has, missing = numbers(problem["message"])
    assert has == 32 * 1024
    assert missing == needed - has
    assert arena >= 62 * 62 * 16 + 64 * 64, "the convolution's output is alive with its input"
    head, *buffers = problem["notes"]
    assert numbers(head)[0] <= arena
    assert [numbers(each)[0] for each in buffers][:2] == [62 * 62 * 16, 64 * 64]


def test_what_the_linker_finds_is_named_with_the_buffers_too(
    cli: Cli, tmp_path: Path, model: Path
) -> None:
    problems = cli(*too_large_to_link(tmp_path, model), "--json").json["error"]
    flash, ram = sorted(problems, key=lambda each: "RAM" in each["message"])
    assert "flash is" in flash["message"]
    assert "of them its arena" in ram["message"]
    assert ram["notes"][0].startswith("no plan can be below")


def numbers(text: str) -> list[int]:
    """Return the numbers of a message that stand as counts of bytes do: 12,345."""
    found = re.findall(r"(?<![\w.-])\d{1,3}(?:,\d{3})*(?![\w-])", text)
    return [int(each.replace(",", "")) for each in found]


def test_check_lists_all_problems_at_once(cli: Cli, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("NonZero", ["x"], ["a"], name="first"),
        helper.make_node("Unique", ["x"], ["b"], name="second"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    outputs = [helper.make_tensor_value_info("a", TensorProto.INT64, [2, 4])]
    outputs.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, [4]))
    made = helper.make_model(
        helper.make_graph(nodes, "g", [x], outputs), opset_imports=[helper.make_opsetid("", 17)]
    )
    onnx.save(made, tmp_path / "m.onnx")
    ended = cli("check", tmp_path / "m.onnx", "--json")
    assert ended.code == 1
    assert ended.json["supported"] is False
    text = str(ended.json["problems"])
    assert "NonZero" in text
    assert "Unique" in text


@pytest.mark.qemu
def test_missing_compiler(
    cli: Cli, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEC_ARM_GCC", "/nonexistent/gcc")
    ended = cli("build", model, "-b", "stm32", "-o", tmp_path / "out")
    check_error(ended, "missing-tool", 3)
    assert "apt install" in ended.err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("EDGEC_ARM_GCC", "/nonexistent/gcc")
    assert cli("doctor").code == 3


@pytest.mark.qemu
def test_missing_emulator(
    cli: Cli, model: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEC_QEMU", "/nonexistent/qemu")
    check_error(cli("run", built), "missing-tool", 3)
    ended = cli("build", model, "-b", "stm32", "-o", tmp_path / "out")
    assert ended.code == 0, "a build needs no emulator"
    assert "warning: instructions were not counted" in ended.err
    assert "instructions were not counted" in ended.out


@pytest.mark.qemu
def test_damaged_output_folder(cli: Cli, built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(built, folder)
    (folder / "firmware.elf").unlink()
    check_error(cli("run", folder), "damaged-output", 1)
    (folder / "report.json").write_text("{}")
    check_error(cli("test", folder), "damaged-output", 1)


@pytest.mark.qemu
def test_samples_that_do_not_fit(cli: Cli, built: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(b"not an archive")
    check_error(cli("run", built, "-i", path), "malformed-samples", 1)
    for array in (np.zeros((1, 9, 9, 1), np.int8), np.zeros((1, 8, 8, 1), np.int32)):
        np.savez(path, image=array)
        assert cli("run", built, "-i", path).code == 1
    np.savez(path, picture=np.zeros((1, 8, 8, 1), np.int8))
    ended = cli("run", built, "-i", path)
    assert ended.code == 1
    assert "'image'" in ended.err


@pytest.mark.qemu
def test_run_on_nowhere(cli: Cli, built: Path) -> None:
    check_error(cli("run", built, "--on", "mars"), "invalid-option", 2)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_forbidden_output_folder(cli: Cli, model: Path, tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        check_error(
            cli("build", model, "-b", "stm32", "-o", tmp_path / "o"), "unwritable-output", 1
        )
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_names_from_a_model_cannot_steer_the_terminal(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31mb.onnx"
    ended = cli("check", path)
    assert ended.code == 1
    assert "\x1b" not in ended.err
