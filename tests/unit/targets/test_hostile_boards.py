"""Board files by strangers: no text in any field becomes a command, a rule or a line of its own."""

import dataclasses
import itertools
import json
import shutil
import subprocess
import tomllib
import types
import typing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgec.codegen.firmware import FirmwareModel, firmware_tree
from edgec.codegen.render import comment, make_comment
from edgec.errors import EdgecError
from edgec.resources import data_folder
from edgec.targets.board import Board, load_board

GOOD = (data_folder("boards") / "rpi-pico2" / "board.toml").read_text()
HOSTILE = (
    "x\n$(shell touch PWNED)\n#",
    "$(shell touch PWNED)",
    "`touch PWNED`; touch PWNED #",
    "x\\",
    "x\\ ",
    "??/",
    "*/ ASSERT(0, boo) /*",
    "\r$(error boo)",
    "\x00\x1b[2J\u2028\u202e",
    "[exec touch PWNED]",
    "../../x.cfg",
    "firmware/board.toml",
    "target/../firmware/board.cfg",
    "-c",
    "<script>alert(1)</script>",
    '"quoted"',
    "",
    " ",
    "n" * 5000,
)


def text_fields(kind: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every text that a board file may have; 0 is the first of a list."""
    arguments = typing.get_args(kind)
    if kind is str:
        yield path
    elif typing.get_origin(kind) in (types.UnionType, typing.Union):
        yield from text_fields(arguments[0], path)
    elif typing.get_origin(kind) is tuple:
        yield from text_fields(arguments[0], (*path, 0))
    elif dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        for each in dataclasses.fields(kind):
            yield from text_fields(hints[each.name], (*path, each.name))


FIELDS = [path for path in text_fields(Board) if path not in {("id",), ("file",)}]


def changed(path: tuple[str | int, ...], text: str) -> str:
    """Return a good board's file with a text in the place of another, or added."""
    board = tomllib.loads(GOOD)
    place: Any = board
    for step, following in itertools.pairwise(path):
        new: Any = [""] if isinstance(following, int) else {}
        place = place.setdefault(step, new) if isinstance(place, dict) else place[step]
    place[path[-1]] = text
    if path[0] == "emulator":
        board["emulator"] = {"program": "qemu-system-arm", "machine": "mps2-an386"} | {
            "icount_shift": 4,
            "tick_hz": 1_000_000_000,
            **board["emulator"],
        }
    return "\n".join(f"{key} = {toml(value)}" for key, value in board.items())


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {toml(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


def test_every_text_is_tried() -> None:
    names = {"/".join(map(str, path)) for path in FIELDS}
    assert {"name", "aliases/0", "memory/0/name", "flash/openocd/0", "emulator/machine"} <= names
    assert len(names) == 14


@pytest.mark.parametrize("path", FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_hostile_text_is_refused_or_harmless(path: tuple[str | int, ...], tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    for text in HOSTILE:
        file.write_text(changed(path, text), encoding="utf-8")
        try:
            board = load_board(file)
        except EdgecError:
            continue
        assert path == ("name",) or text == ""
        assert board.name.isprintable()
        tree = firmware_tree(board, FirmwareModel("kws", 1, 1))
        tree.under("firmware").write(tmp_path)
        make_does_nothing(tmp_path)


@pytest.mark.parametrize("text", HOSTILE)
def test_templates_hold_even_where_nobody_validated(text: str, tmp_path: Path) -> None:
    board = replace(load_board("qemu-m4"), name=text)
    tree = firmware_tree(board, FirmwareModel("kws", 1, 1))
    tree.under("firmware").write(tmp_path)
    plain = firmware_tree(load_board("qemu-m4"), FirmwareModel("kws", 1, 1))
    for path, data in tree.files.items():
        assert len(data.splitlines()) == len(plain.files[path].splitlines()), path
        assert data.isascii()
        assert not any(line.endswith(b"\\ ") for line in data.splitlines())
    make_does_nothing(tmp_path)


def make_does_nothing(folder: Path) -> None:
    """Let make read the file, which runs every $(shell) in it; nothing may come of it."""
    make = shutil.which("make")
    assert make is not None
    done = subprocess.run(
        [make, "-n", "-C", "firmware"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not list(folder.rglob("PWNED"))


@pytest.mark.parametrize("text", HOSTILE)
def test_comments(text: str) -> None:
    for line in (comment(text), make_comment(text)):
        assert line.isascii()
        assert line.isprintable()
        assert not line.endswith(("\\", " "))
    expanded = make_comment(text).replace("$$", "").replace("\\#", "")
    assert "$" not in expanded
    assert "#" not in expanded
