"""The lines of the README do what it says, and the demo shows what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def manual_lines() -> list[str]:
    text = (ROOT / "README.md").read_text()
    (block,) = re.findall(
        r"<!-- a test runs exactly these lines -->\n```sh\n(.*?)```", text, re.DOTALL
    )
    return str(block).splitlines()


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that looks like a fresh clone to the commands, with edgec on PATH."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    script = folder / "bin" / "edgec"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m edgec "$@"\n')
    script.chmod(0o755)
    return folder


def run(command: str, folder: Path) -> str:
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


@pytest.mark.slow
@pytest.mark.qemu
def test_readme_and_demo(workplace: Path) -> None:
    install, *lines = manual_lines()
    assert install == "pip install ."
    assert len(lines) == 4
    built, compared, judged, _ = (run(line, workplace) for line in lines)
    assert "digits for stm32f405" in built
    assert "passed: all 20 samples" in compared
    assert "passed: all 300 samples" in judged
    assert accuracy(judged) > 0.97
    with np.load(workplace / "build" / "digits-outputs.npz") as outputs:
        assert all(len(array) == 300 for array in outputs.values())
        assert any(name.endswith("_float") for name in outputs.files)
    shown = run(f"{sys.executable} examples/digits/demo.py build/digits", workplace)
    in_qemu, in_float = re.findall(r"([\d.]+)% in", shown)
    assert abs(float(in_qemu) - float(in_float)) <= 1.0
    assert "firmware: " in shown
    assert "instructions" in shown


def accuracy(text: str) -> float:
    found = re.search(r"accuracy ([\d.]+)%", text)
    assert found
    return float(found[1]) / 100
