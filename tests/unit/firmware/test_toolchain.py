"""Missing and failing tools: what is said, and with which exit code."""

import sys
from pathlib import Path

import pytest

from edgec.errors import EdgecError, ExitCode
from edgec.firmware.toolchain import find_tool, run_tool, tool_version
from edgec.targets.architecture import ToolSpec
from edgec.targets.cpu import ARCHITECTURES

TOOLS = [spec for each in ARCHITECTURES.values() for spec in each.programs]
PYTHON = ToolSpec("python3", "EDGEC_TEST_TOOL", "python3", "python")


@pytest.mark.parametrize("spec", TOOLS, ids=lambda spec: spec.program)
def test_missing_tool(spec: ToolSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(spec.variable, raising=False)
    with pytest.raises(EdgecError, match=spec.program) as caught:
        find_tool(spec)
    assert caught.value.code == "missing-tool"
    assert caught.value.exit_code == ExitCode.TOOL
    for part in ("apt install", "brew install", spec.variable):
        assert part in caught.value.help


def test_variable_goes_before_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON.variable, sys.executable)
    assert find_tool(PYTHON) == Path(sys.executable)


def test_variable_that_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON.variable, "/no/such/tool")
    with pytest.raises(EdgecError, match="EDGEC_TEST_TOOL=/no/such/tool is not a program"):
        find_tool(PYTHON)


def test_failing_tool_gives_its_last_words() -> None:
    script = "import sys; print('\\n'.join(map(str, range(99))), file=sys.stderr); sys.exit(5)"
    with pytest.raises(EdgecError, match="failed with status 5") as caught:
        run_tool([sys.executable, "-c", script])
    assert caught.value.code == "tool-failed"
    assert caught.value.exit_code == ExitCode.TOOL
    assert caught.value.notes[-1] == "98"
    assert len(caught.value.notes) == 12


def test_tool_that_does_not_end() -> None:
    with pytest.raises(EdgecError, match=r"within 0\.2 s") as caught:
        run_tool([sys.executable, "-c", "import time; time.sleep(30)"], timeout=0.2)
    assert caught.value.code == "tool-failed"


def test_tool_that_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("no program")
    (tmp_path / "tool").chmod(0o755)
    with pytest.raises(EdgecError, match="cannot be started"):
        run_tool([tmp_path / "tool"])


def test_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON.variable, sys.executable)
    assert tool_version(PYTHON) == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205", "12.2.1"),
        ("gcc (Arm GNU Toolchain 12.3.Rel1 (Build arm-12.35)) 12.3.1 20230626", "12.3.1"),
        ("GNU objdump (2.40-2+18+b1) 2.40", "2.40"),
        ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", "7.2.22"),
        ("QEMU emulator version 8.2.0", "8.2.0"),
        ("tool of nobody", "tool of nobody"),
    ],
)
def test_version_among_those_of_distributors(
    line: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\necho '{line}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv(PYTHON.variable, str(tool))
    assert tool_version(PYTHON) == version
