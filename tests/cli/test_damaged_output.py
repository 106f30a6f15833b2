"""Output folders that were damaged: each command says so."""

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Cli
from cli.test_errors import check_error

from edgec.driver import open_output
from edgec.errors import EdgecError

_BUG = 70


def values_in(document: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value in a JSON document, two of each list."""
    if place:
        yield place
    pairs: list[tuple[Any, Any]] = []
    if isinstance(document, dict | list):
        pairs = [*(document.items() if isinstance(document, dict) else enumerate(document[:2]))]
    for key, value in pairs:
        yield from values_in(value, (*place, key))


def opens(folder: Path) -> bool:
    """Open a folder; what does not open is said to be damaged."""
    try:
        open_output(folder)
    except EdgecError as error:
        return error.code != "damaged-output"
    return True


_WRONG: tuple[Any, ...] = (None, True, -1, 10**40, 1.5, "x", [], {}, [None], "\0", float("nan"))


def test_a_damaged_report(cli: Cli, built: Path, tmp_path: Path) -> None:
    """Every value is left out and replaced: a folder is opened, or is said to be damaged."""
    good = json.loads((built / "report.json").read_text())
    copied = tmp_path / "out"
    copied.mkdir()
    refused = opened = 0
    for place in values_in(good):
        for wrong in (KeyError, *_WRONG):
            report = copy.deepcopy(good)
            inside = report
            for key in place[:-1]:
                inside = inside[key]
            if wrong is KeyError:
                del inside[place[-1]]
            else:
                inside[place[-1]] = wrong
            (copied / "report.json").write_text(json.dumps(report))
            if opens(copied):
                opened += 1
            else:
                refused += 1
            if (
                place[0]
                in {"memory", "model", "layers", "accuracy", "quantization", "instructions_total"}
                and len(place) < 4
            ):
                assert cli("compare", built / "report.json", copied / "report.json").code != _BUG
    assert refused > 100
    assert opened > 100


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b"[" * 10**5, b"\xff\xfe", b'{"schema":' + b"9" * 5000 + b"}"]
)
def test_no_report_at_all(cli: Cli, built: Path, tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "report.json").write_bytes(raw)
    for command in (
        ["run", tmp_path],
        ["compare", built, tmp_path],
        ["compare", tmp_path / "report.json", built],
    ):
        check_error(cli(*command), "damaged-output", 1)


@pytest.mark.qemu
def test_a_report_of_another_model(cli: Cli, built: Path, tmp_path: Path) -> None:
    """Well-formed, and yet not what the firmware, the golden vectors or the graph say."""
    for change in ({"shape": [1, 6]}, {"dtype": "int16"}):
        folder = tmp_path / next(iter(change))
        shutil.copytree(built, folder)
        report = json.loads((folder / "report.json").read_text())
        report["model"]["outputs"][0].update(change)
        (folder / "report.json").write_text(json.dumps(report))
        for command in (
            ["run", folder],
            ["test", folder],
            ["test", folder, "--on", "host"],
            ["profile", folder],
        ):
            check_error(cli(*command), "damaged-output", 1)


@pytest.mark.qemu
@pytest.mark.parametrize("times", [0, 2])
def test_a_report_with_other_layers(cli: Cli, built: Path, tmp_path: Path, times: int) -> None:
    folder = tmp_path / "out"
    shutil.copytree(built, folder)
    report = json.loads((folder / "report.json").read_text())
    report["layers"] *= times
    (folder / "report.json").write_text(json.dumps(report))
    check_error(cli("profile", folder), "damaged-output", 1)


@pytest.mark.parametrize(
    "file", ["firmware.elf", "golden.npz", "small.edgec", "firmware/board.toml"]
)
@pytest.mark.parametrize("content", [b"", b"junk" * 100, None], ids=["empty", "junk", "cut"])
@pytest.mark.qemu
def test_damaged_files(
    cli: Cli, built: Path, tmp_path: Path, file: str, content: bytes | None
) -> None:
    folder = tmp_path / "out"
    shutil.copytree(built, folder)
    data = (folder / file).read_bytes()
    (folder / file).write_bytes(data[: len(data) // 2] if content is None else content)
    commands = {
        "firmware.elf": ["profile", folder],
        "golden.npz": ["test", folder],
        "small.edgec": ["test", folder, "--on", "host"],
        "firmware/board.toml": ["run", folder],
    }
    ended = cli(*commands[file])
    assert ended.code in {1, 3}, ended
