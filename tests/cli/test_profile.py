"""edgec profile: exact counts, the same on every run, that add up to the whole."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli.test_serial_board import Line

pytestmark = pytest.mark.qemu


def test_counts_repeat_and_add_up(cli: Any, built: Path) -> None:
    first, second = (cli("profile", built, "--json").json for _ in range(2))
    assert first == second
    total = first["instructions_total"]
    assert sum(layer["instructions"] for layer in first["layers"]) == pytest.approx(total, rel=0.01)
    assert sum(layer["share"] for layer in first["layers"]) == pytest.approx(1, rel=0.01)
    assert all(layer["kernel"] for layer in first["layers"])


def test_functions_and_cycles(cli: Any, built: Path) -> None:
    document = cli("profile", built, "--json").json
    total = document["instructions_total"]
    functions = [each["instructions"] for each in document["functions"]]
    assert functions == sorted(functions, reverse=True)
    assert sum(functions) == pytest.approx(total, rel=0.01)
    estimates = [layer["cycles_estimate"] for layer in document["layers"]]
    assert document["cycles_estimate_total"] == sum(estimates)
    assert all(
        0.5 * layer["instructions"] < layer["cycles_estimate"] < 4 * layer["instructions"]
        for layer in document["layers"]
    )
    assert document["milliseconds_estimate"] == pytest.approx(sum(estimates) / 168e3)
    report = json.loads((built / "report.json").read_text())
    assert [layer["cycles_estimate"] for layer in report["layers"]] == estimates


def test_a_board_adds_its_own_cycles(cli: Any, built: Path) -> None:
    pytest.importorskip("serial")
    line = Line(built / "firmware.elf")
    try:
        ended = cli("profile", built, "--on", f"serial:{line.port}", "--json")
    finally:
        line.close()
    assert ended.json["cycles_measured_total"] > 0
    assert all(layer["cycles_measured"] >= 0 for layer in ended.json["layers"])
    host = cli("profile", built, "--on", "host")
    assert (host.code, "error[invalid-option]" in host.err) == (2, True)


def test_table_and_wrong_sample(cli: Any, built: Path) -> None:
    table = cli("profile", built)
    assert table.code == 0
    assert "instructions per inference" in table.out
    wrong = cli("profile", built, "--sample", "1000")
    assert wrong.code == 2
    assert "error[invalid-option]" in wrong.err
