"""Shell scripts are well-formed and executable; the command line starts without heavy imports."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.command import _parser

ROOT = Path(__file__).parents[2]
SCRIPTS = [*sorted((ROOT / "scripts").iterdir()), *sorted((ROOT / ".ci").iterdir())]
HEAVY = ["onnx", "onnxruntime"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_well_formed(script: Path) -> None:
    assert os.access(script, os.X_OK)
    first = script.read_text().splitlines()[0]
    if script.suffix == ".py":
        compile(script.read_text(), str(script), "exec")
        return
    shell = "bash" if "bash" in first else "sh"
    subprocess.run([shell, "-n", str(script)], check=True, timeout=20)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text()
    assert "    scripts/test " in (ROOT / "README.md").read_text()


def test_the_soak_runs_the_fuzzer_as_the_docs_say() -> None:
    soak = (ROOT / ".ci" / "soak").read_text()
    docs = (ROOT / "docs" / "fuzzing.md").read_text()
    assert '-m tests.fuzz --mutants "${1:-100000}"' in soak
    assert "    .ci/soak " in docs
    lines = re.findall(r"^    python -m tests\.fuzz (.*?)(?:   .*)?$", docs, re.MULTILINE)
    assert lines
    for line in lines:
        _parser().parse_args(shlex.split(line))


def test_command_line_starts_without_heavy_imports() -> None:
    program = f"import sys, edgec.cli; print([m for m in {HEAVY} if m in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert ended.stdout == "[]\n"
