"""Folders for work in progress: what dead runs left goes, all else stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgec.scratch import moved_away, scratch_folder, sweep, write_whole

_HOLDS = """
import sys, time
from pathlib import Path
from edgec.scratch import moved_away, scratch_folder
with scratch_folder("out", Path(sys.argv[1])) as folder:
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_text("half")
    if len(sys.argv) > 2:
        moved_away(Path(sys.argv[1]), folder)
    print(folder, flush=True)
    time.sleep(60)
"""


def holder(*arguments: object) -> "subprocess.Popen[str]":
    """Start a process that has a scratch folder; it has printed which."""
    command = [sys.executable, "-c", _HOLDS, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def killed(process: "subprocess.Popen[str]") -> Path:
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return folder


def test_a_dead_run_is_tidied_up_by_the_next(tmp_path: Path) -> None:
    dead = killed(holder(tmp_path / "OUT"))
    assert (dead / "deep" / "file").is_file()
    with scratch_folder("out", tmp_path / "OTHER") as mine:
        assert list(tmp_path.iterdir()) == [mine]
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_lives_keeps_its_folder(tmp_path: Path) -> None:
    process = holder(tmp_path / "OUT")
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    sweep(tmp_path)
    assert (folder / "deep" / "file").is_file()
    process.kill()
    process.communicate()
    sweep(tmp_path)
    assert not folder.exists()


def test_folders_of_others_stay(tmp_path: Path) -> None:
    for name in (".edgec-out-mine", "edgec-build-of-mine", ".OUT-old-1", "edgec-models"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "precious").write_text("data")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".edgec-lock").write_text("")
    (tmp_path / "edgec-link").symlink_to(tmp_path / "elsewhere")
    before = sorted(each.relative_to(tmp_path) for each in tmp_path.rglob("*"))
    sweep(tmp_path)
    assert sorted(each.relative_to(tmp_path) for each in tmp_path.rglob("*")) == before


def test_an_empty_one_whose_run_died_at_once(tmp_path: Path) -> None:
    (tmp_path / ".edgec-out-abc").mkdir()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_moved_away_comes_back(tmp_path: Path) -> None:
    out = tmp_path / "OUT"
    out.mkdir()
    (out / "report.json").write_text("{}")
    killed(holder(out, "move"))
    assert not out.exists()
    sweep(tmp_path)
    assert (out / "report.json").read_text() == "{}"
    assert [each.name for each in tmp_path.iterdir()] == ["OUT"]


def test_what_was_moved_away_does_not_replace_what_is_there(tmp_path: Path) -> None:
    out = tmp_path / "OUT"
    out.mkdir()
    (out / "old").write_text("")
    with scratch_folder("out", out) as folder:
        moved_away(out, folder)
        out.mkdir()
        (out / "new").write_text("")
        sweep(tmp_path)
    assert [each.name for each in out.iterdir()] == ["new"]


def test_files_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(path)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link", "m.tflite"]


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(fifo, b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert fifo.is_fifo()


@pytest.mark.parametrize("name", ["part", "out"])
def test_gone_after_an_exception(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError), scratch_folder(name, tmp_path / "x") as folder:
        (folder / "no folder" / "file").touch()
    assert list(tmp_path.iterdir()) == []
