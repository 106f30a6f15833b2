"""An operator costs no edit of edgec: one is added from a folder, and goes all the way.

tests/added_operator holds its files, laid out as they would lie in the repository: operator with
importer and exporter, kernel and C file, cases. They are copied to a temporary folder and added in
a process of their own (tests/added_operator/checks.py).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from oracle import require

ROOT = Path(__file__).parents[2]
ADDED = ROOT / "tests" / "added_operator"
CHECKS = "checks.py"


def run_check(check: str, folder: Path) -> None:
    for part in ("edgec", "runtime_c", "tests"):
        shutil.copytree(ADDED / part, folder / part)
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))
    done = subprocess.run(
        [sys.executable, ADDED / CHECKS, folder, check],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_it_is_unknown_before() -> None:
    added = {path.stem for path in ADDED.rglob("*.py")} - {Path(CHECKS).stem}
    known = {path.stem for path in (ROOT / "edgec").rglob("*.py")}
    kernels = {path.stem for path in (ROOT / "runtime_c").rglob("*.c")}
    assert added
    assert not added & known
    assert not kernels & {path.stem for path in ADDED.rglob("*.c")}


def test_it_is_discovered_with_kernel_exporter_and_cases(tmp_path: Path) -> None:
    run_check("discovered", tmp_path)


@pytest.mark.oracle
def test_its_reference_equals_the_interpreter(tmp_path: Path) -> None:
    require()
    run_check("interpreter", tmp_path)


@pytest.mark.cc
def test_its_cases_run_on_the_host(tmp_path: Path) -> None:
    run_check("host", tmp_path)


@pytest.mark.qemu
def test_its_cases_run_on_a_board(tmp_path: Path) -> None:
    run_check("firmware", tmp_path)


@pytest.mark.qemu
@pytest.mark.oracle
def test_a_model_with_it_becomes_firmware_with_a_state(tmp_path: Path) -> None:
    require()
    run_check("model", tmp_path)
