"""A build with hostile text wherever text comes from: it reaches no make, C, CMake, HTML."""

import json
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cmsis_nn_copies as copies
import numpy as np
import pytest
from cli.conftest import Cli, small_graph
from cli.test_errors import SMALL_BOARD
from onnx_models import OnnxBuilder

from edgec.cli.run.matrix import _markdown
from edgec.driver import BuildOptions
from edgec.driver.run.matrix import Cell
from edgec.exporters.tflite import write_tflite
from edgec.ir import Graph, ValueName

HOSTILE = (
    '*/ #error "x\n$(shell touch PWNED)\n#`touch PWNED`;${PWNED}") '
    "<img src=x onerror=alert(1)></td><script>alert(1)</script> ??/\n\\ "
)


def renamed(graph: Graph) -> Graph:
    """Return the graph with hostile names for itself, its tensors and its nodes."""

    def name(value: str) -> ValueName:
        return ValueName(f"{value}{HOSTILE}")

    def names(values: tuple[ValueName, ...]) -> tuple[ValueName, ...]:
        return tuple(map(name, values))

    nodes = (
        replace(
            each,
            name=f"{each.name}{HOSTILE}",
            inputs=names(each.inputs),
            outputs=names(each.outputs),
        )
        for each in graph.nodes
    )
    return Graph(
        name(graph.name),
        names(graph.inputs),
        names(graph.outputs),
        tuple(nodes),
        {name(value): kind for value, kind in graph.types.items()},
        {name(value): data for value, data in graph.constants.items()},
    )


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.handlers: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.handlers.update(key for key, _ in attrs if key.startswith("on"))


@pytest.mark.qemu
def test_hostile_text_reaches_nothing(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    title = "$(shell touch PWNED) `touch PWNED`; */ ??/ \\\\ # <script>alert(1)</script> \\\\"
    board = tmp_path / "b$(touch PWNED);<script>*\n.toml"
    board.write_text(SMALL_BOARD.replace("A small board", title))
    model = tmp_path / "m$(touch PWNED);`touch PWNED`<script>\n.tflite"
    model.write_bytes(write_tflite(renamed(small_graph())))
    out = tmp_path / "o $(touch PWNED)"
    np.savez(tmp_path / "calib.npz", **{HOSTILE.replace("/", "_"): np.zeros((2, 8, 8, 1), np.int8)})

    ended = cli("build", model, "-b", board, "-o", out, "--name", f"n{HOSTILE}")
    assert ended.code == 0, ended
    assert "\n$(" not in ended.out + ended.err
    images = [out / f"firmware.{each}" for each in ("elf", "bin", "hex")]
    before = [each.read_bytes() for each in images]
    for each in images:
        each.unlink()
    rebuild(out)
    assert [each.read_bytes() for each in images] == before

    tags = Tags()
    tags.feed((out / "report.html").read_text())
    assert not tags.seen & {"script", "img", "iframe"}
    assert not tags.handlers
    (library,) = (each for each in out.iterdir() if (each / "CMakeLists.txt").is_file())
    check_cmake(library)
    cli("test", out, "--on", "host")
    cli("eval", model, "--data", tmp_path / "calib.npz")
    cli("boards", "show", board)
    assert not list(tmp_path.rglob("PWNED"))


def rebuild(out: Path) -> None:
    make = shutil.which("make")
    assert make is not None
    subprocess.run([make, "-j2", "-C", "firmware"], cwd=out, check=True, capture_output=True)


def check_cmake(library: Path) -> None:
    """Configure the library where CMake is there; its file holds plain names in any case."""
    lines = (library / "CMakeLists.txt").read_text().splitlines()
    text = "".join(each for each in lines if not each.startswith("#"))
    assert set('"`;\\<>#') & set(text) <= set("<>")
    assert text.count("$") == text.count("$<TARGET_OBJECTS:")
    cmake = shutil.which("cmake")
    if cmake is not None:
        command = [cmake, "-S", str(library), "-B", str(library / "b")]
        subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize("key", ["name", "model", "board", "calib", "kernels", "shape", "effort"])
def test_hostile_text_in_a_config_is_refused_or_harmless(
    cli: Cli, tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "x$(touch PWNED);`touch PWNED`<script>"
    given = {"model": str(model), "board": "no-such-board"} | {key: text}
    lines = [f"{name} = '{value}'" for name, value in given.items()]
    (tmp_path / "edgec.toml").write_text("\n".join(lines))
    ended = cli("build", "--json")
    assert ended.code in {1, 2}
    assert ended.json["error"]
    assert not list(tmp_path.rglob("PWNED"))


def test_a_copy_of_cmsis_nn_with_an_odd_file_name_is_refused(
    cli: Cli, model: Path, tmp_path: Path
) -> None:
    root = copies.write({**copies.bundled(), "Source/a $(touch PWNED);b.c": "int x;\n"}, tmp_path)
    ended = cli("check", model, "--cmsis-nn", root)
    assert ended.code == 3
    assert "$(touch PWNED)" in ended.err
    assert "error[cmsis-nn-missing]" in ended.err


@pytest.mark.parametrize("name", ["../../etc", "x$(touch PWNED)", "X\n", "", 3])
def test_a_report_that_names_no_model_is_damaged(cli: Cli, tmp_path: Path, name: object) -> None:
    model = {"name": name, "inputs": [], "outputs": []}
    (tmp_path / "report.json").write_text(json.dumps({"schema": 1, "model": model}))
    ended = cli("run", tmp_path)
    assert ended.code == 1
    assert "error[damaged-output]" in ended.err


def test_commands_to_copy_quote_what_a_model_says(cli: Cli, tmp_path: Path) -> None:
    b = OnnxBuilder()
    b.add("Relu", b.input("x;touch PWNED #", ["batch", "n"]), output="y")
    path = tmp_path / "open.onnx"
    path.write_bytes(b.model("y").SerializeToString())
    assert "--shape 'x;touch PWNED #'=1,?" in cli("check", path).err
    b = OnnxBuilder()
    b.add("Relu", b.input("x=1); evil(", [1, 4]), output="y")
    path.write_bytes(b.model("y").SerializeToString())
    ended = cli("build", path, "-b", "stm32", "-o", tmp_path / "out")
    assert "numpy.savez('calib.npz', **{'x=1); evil(': <float32" in ended.err


def test_markdown_holds_no_live_tag() -> None:
    cell = Cell("<img src=x onerror=1>", "b|c", "error", "line\n<script>")
    row = _markdown([cell]).splitlines()[-1]
    assert "<" not in row
    assert "b\\|c" in row


@pytest.mark.parametrize(("asked", "made"), [("int8", "m_int8"), ("arm_kws", "m_arm_kws")])
def test_a_reserved_name_is_made_safe_with_a_warning(asked: str, made: str) -> None:
    (warning,) = BuildOptions(model="x.onnx", name=asked).name_warnings
    assert made in warning
    assert BuildOptions(model=f"{asked}.onnx").model_name == made
    assert BuildOptions(model="KWS small.onnx").name_warnings == ()
