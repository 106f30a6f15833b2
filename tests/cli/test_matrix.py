"""edgec matrix: cells side by side, resumed, and not stopped by one that fails."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import small_graph

from edgec.exporters.tflite import write_tflite

pytestmark = pytest.mark.qemu


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """Return two small models."""
    paths = [tmp_path / "one.tflite", tmp_path / "two.tflite"]
    for path, channels in zip(paths, (2, 4), strict=True):
        path.write_bytes(write_tflite(small_graph(channels=channels)))
    return paths


def states(cells: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    return {(cell["model"], cell["board"]): cell["state"] for cell in cells}


def test_cells_fail_alone_and_finished_ones_are_kept(
    cli: Any, models: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model")
    out = tmp_path / "out"
    command = ("matrix", *models, broken, "--boards", "qemu-m4,qemu-m0", "-o", out, "-j", "1")
    first = cli(*command, "--json")
    assert first.code == 1
    cells = first.json["cells"]
    assert (first.json["passed"], first.json["failed"], first.json["error"]) == (4, 0, 2)
    expected = {(name, board) for name in ("one", "two") for board in ("qemu-m4", "qemu-m0")}
    assert {key for key, state in states(cells).items() if state == "passed"} == expected
    assert all(cell["problem"] for cell in cells if cell["state"] == "error")
    assert all(cell["instructions"] > 0 for cell in cells if cell["state"] == "passed")
    assert (out / "one" / "qemu-m0" / "firmware.elf").is_file()

    models[1].write_bytes(write_tflite(small_graph(channels=3)))
    again = cli(*command, "--json").json["cells"]
    resumed = {(cell["model"], cell["board"]) for cell in again if cell["resumed"]}
    assert resumed == {("one", "qemu-m4"), ("one", "qemu-m0")}
    assert [cell for cell in again if cell["model"] == "one"] == [
        {**cell, "resumed": True} for cell in cells if cell["model"] == "one"
    ]


def test_a_wrong_firmware_is_a_failed_cell(cli: Any, models: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("matrix", models[0], "--boards", "qemu-m4", "-o", out, "-j", "1")
    assert cli(*command).code == 0
    note = out / "one" / "qemu-m4" / "cell.json"
    noted = {**json.loads(note.read_text()), "state": "failed", "problem": "3 samples | differ"}
    note.write_text(json.dumps(noted))
    page = cli(*command, "--markdown")
    assert page.code == 4
    assert "| one | qemu-m4 | failed |" in page.out
    assert "3 samples \\| differ" in page.out
    assert cli(*command, "--fresh").code == 0


def test_what_is_wrong_at_once(cli: Any, models: list[Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    twin = shutil.copy(models[0], tmp_path / "other" / "one.tflite")
    missing = tmp_path / "missing.tflite"
    ended = cli("matrix", models[0], twin, missing, "--boards", "qemu-m4,stm33")
    for code in ("unknown-board", "file-not-found", "invalid-option"):
        assert f"error[{code}]" in ended.err
    assert ended.code != 0


@pytest.mark.slow
def test_two_processes(cli: Any, models: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = cli("matrix", *models, "--boards", "qemu-m4", "-o", out, "-j", "2", "--json")
    assert (ended.code, ended.json["passed"]) == (0, 2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_dask_cluster_of_two_workers(cli: Any, models: list[Path], tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="pip install 'edgec[dask]'")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        ended = cli(
            *("matrix", *models, "--boards", "qemu-m4", "-o", tmp_path / "out", "--json"),
            *("--backend", "dask", "--scheduler", cluster.scheduler_address),
        )
    assert (ended.code, ended.json["passed"]) == (0, 2)


@pytest.mark.filterwarnings("ignore")
def test_dask_without_a_scheduler(
    cli: Any, models: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("matrix", models[0], "-b", "qemu-m4", "-o", tmp_path / "out", "--backend", "dask")
    pytest.importorskip("distributed", reason="pip install 'edgec[dask]'")
    assert "error[missing-option]" in cli(*command).err
    gone = cli(*command, "--scheduler", "nonsense://nowhere")
    assert "error[no-scheduler]" in gone.err
    monkeypatch.setitem(sys.modules, "distributed", None)
    ended = cli(*command)
    assert ended.code == 3
    assert "error[missing-extra]" in ended.err
