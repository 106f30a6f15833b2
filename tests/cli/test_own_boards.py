"""Boards of users: a mistake in a board.toml is named by key; a board without emulator says so."""

import shutil
from pathlib import Path

import pytest
from cli.conftest import Cli
from cli.test_errors import SMALL_BOARD, check_error


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("size = 0x8000", 'size = "32K"', "wrong-type", "memory[1].size"),
        ("clock_hz", "clok_hz", "unknown-key", "did you mean `clock_hz`?"),
        ('cpu = "cortex-m4"', "", "missing-key", "cpu"),
        ('["text", "weights"]', '["text"]', "invalid-board", "weights"),
        ("schema = 1", "schema = ", "invalid-toml", "line 2"),
    ],
)
def test_mistake_in_a_board(
    cli: Cli, tmp_path: Path, old: str, new: str, code: str, words: str
) -> None:
    assert old in SMALL_BOARD
    (tmp_path / "mine.toml").write_text(SMALL_BOARD.replace(old, new))
    ended = cli("boards", "show", tmp_path / "mine.toml", "--json")
    check_error(ended, code, 1)
    assert words in str(ended.json["error"])


def test_own_board_is_shown(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SMALL_BOARD)
    shown = cli("boards", "show", tmp_path / "mine.toml")
    assert shown.code == 0
    assert "0x20000000" in shown.out


@pytest.mark.qemu
def test_board_without_emulator(cli: Cli, built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(built, folder)
    board = (folder / "firmware" / "board.toml").read_text()
    (folder / "firmware" / "board.toml").write_text(board.split("[emulator]")[0])
    ended = cli("run", folder)
    assert ended.code == 1
    assert "error[no-emulator]" in ended.err
    assert cli("run", folder, "--on", "host").code == 0
