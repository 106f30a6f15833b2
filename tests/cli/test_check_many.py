"""edgec check of folders and of several files: one table, one document, the worst exit code."""

import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from cli.conftest import Cli
from cli.test_check_flash import FLASH, wide
from cli.test_errors import SMALL_BOARD, check_error
from onnx import TensorProto, helper

import edgec.driver.compile.check_many
from edgec.driver import check
from edgec.driver.compile.check_many import blockers, check_many, model_files

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, model: Path) -> Path:
    """Return a folder with a good model, one with unknown operators, one that is no model."""
    made = tmp_path / "models"
    (made / "lab" / "deep").mkdir(parents=True)
    (made / ".cache").mkdir()
    (made / "lab" / "good.tflite").write_bytes(model.read_bytes())
    (made / ".cache" / "hidden.onnx").write_bytes(b"not looked at")
    (made / "lab" / "deep" / "empty.tflite").write_bytes(b"")
    (made / "notes.txt").write_text("not looked at")
    onnx.save(two_unknown(), made / "odd.ONNX")
    return made


def two_unknown() -> onnx.ModelProto:
    """Return a model with two operators that nobody has."""
    kind = [helper.make_tensor_value_info(each, TensorProto.FLOAT, [1, 4]) for each in ("x", "y")]
    nodes = [
        helper.make_node("Whirl", ["x"], ["h"], domain="some.where"),
        helper.make_node("Twirl", ["h"], ["y"], domain="some.where"),
    ]
    graph = helper.make_graph(nodes, "odd", kind[:1], kind[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("some.where", 1)]
    return helper.make_model(graph, opset_imports=opsets)


def test_a_folder_gives_one_document(cli: Cli, folder: Path) -> None:
    ended = cli("check", folder, "--json")
    by_name = {Path(each["file"]).name: each for each in ended.json["models"]}
    assert list(by_name) == ["odd.ONNX", "good.tflite", "empty.tflite"]
    odd, good, empty = by_name.values()
    assert (good["state"], good["source"], good["exit_code"]) == ("supported", "lab", 0)
    assert good["arena_bytes"] > 0
    assert odd["state"] == "not supported"
    assert [each["code"] for each in odd["problems"]] == ["unsupported-operator"] * 2
    assert (empty["state"], empty["source"]) == ("unreadable", "lab/deep")
    assert ended.json["counts"]["supported"] == 1
    assert ended.code == max(each["exit_code"] for each in by_name.values()) > 0


def test_the_table_names_each_file_and_what_stops_it(cli: Cli, folder: Path) -> None:
    ended = cli("check", folder)
    assert "odd.ONNX" in ended.out
    unfolded = " ".join(ended.out.split())
    assert "and 1 more)" in unfolded
    assert "unsupported-operator some.where::Whirl" in ended.out
    assert "3 files: 1 supported, 1 not supported, 1 unreadable" in ended.out


def test_several_good_files_end_well(cli: Cli, folder: Path, model: Path) -> None:
    ended = cli("check", folder / "lab" / "good.tflite", model)
    assert ended.code == 0, ended.err
    assert "2 files: 2 supported" in ended.out


def test_memory_is_a_state_of_its_own(cli: Cli, folder: Path, tmp_path: Path) -> None:
    board = tmp_path / "tiny.toml"
    board.write_text(SMALL_BOARD.replace(FLASH, "size = 16384"))
    (folder / "wide.onnx").write_bytes(wide(512).SerializeToString())
    ended = cli(
        "check", folder / "lab", folder / "wide.onnx", folder / "wide.onnx", "-b", board, "--json"
    )
    states = {Path(each["file"]).name: each["state"] for each in ended.json["models"]}
    assert states["wide.onnx"] == "does not fit"
    assert ended.code == 4
    assert len(ended.json["models"]) == 3, "a file that is named twice is one file"


def test_options_of_one_model_are_refused(cli: Cli, folder: Path) -> None:
    ended = cli("check", folder, "--shape", "x=1,4")
    check_error(ended, "invalid-option", 2)
    assert "--shape" in ended.err


def test_what_is_not_there_is_named_all_at_once(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = cli("check", tmp_path / "empty", tmp_path / "absent.onnx", "--json")
    codes = [each["code"] for each in ended.json["error"]]
    assert codes == ["unknown-format", "file-not-found"]


def test_a_bug_on_one_file_stops_no_other(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(file: Path, *arguments: object, **options: object) -> object:
        if file.name == "odd.ONNX":
            message = "no such luck"
            raise KeyError(message)
        return check(file, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(edgec.driver.compile.check_many, "check", broken)
    ended = cli("check", folder, "--json")
    assert ended.code == 70
    assert ended.json["counts"] == {
        "supported": 1,
        "does not fit": 0,
        "not supported": 0,
        "unreadable": 1,
        "edgec failed": 1,
    }


def test_blockers_count_files_not_problems(folder: Path) -> None:
    onnx.save(two_unknown(), folder / "again.onnx")
    found = blockers(check_many(model_files([folder])))
    kinds = {each.what: (each.files, each.alone) for each in found}
    assert kinds["unsupported-operator some.where::Whirl"] == (2, 0)
    assert kinds["unknown-format"] == (1, 1)


def test_links_in_a_circle_end(folder: Path) -> None:
    (folder / "lab" / "round").symlink_to(folder)
    assert len(model_files([folder])) == 3


@pytest.mark.slow
def test_the_benchmark_prints_by_source(folder: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "acceptance.py"), str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "| lab | 2 | 1 | 0 | 0 | 1 | 0 |" in ended.stdout
    assert "| **all** | 3 | 1 | 0 | 1 | 1 | 0 |" in ended.stdout
