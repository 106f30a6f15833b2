"""edgec profile: exact counts, the same on every run, that add up to the whole."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.qemu


def test_counts_repeat_and_add_up(cli: Any, built: Path) -> None:
    first, second = (cli("profile", built, "--json").json for _ in range(2))
    assert first == second
    total = first["instructions_total"]
    assert sum(layer["instructions"] for layer in first["layers"]) == pytest.approx(total, rel=0.01)
    assert sum(layer["share"] for layer in first["layers"]) == pytest.approx(1, rel=0.01)
    assert all(layer["kernel"] for layer in first["layers"])


def test_table_and_wrong_sample(cli: Any, built: Path) -> None:
    table = cli("profile", built)
    assert table.code == 0
    assert "instructions per inference" in table.out
    wrong = cli("profile", built, "--sample", "1000")
    assert wrong.code == 2
    assert "error[invalid-option]" in wrong.err
