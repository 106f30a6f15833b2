"""Finds and runs outside tools; says how to install the one that is missing."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edgec.errors import EdgecError, ExitCode
from edgec.firmware.children import NOT_STARTED, completed
from edgec.scratch import is_scratch
from edgec.targets.architecture import ToolSpec

_LAST_LINES = 12
_TOOL_TIMEOUT = 300.0
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)*")


def find_tool(spec: ToolSpec) -> Path:
    """Return the path of a tool. Raises ``missing-tool`` with the way to install it."""
    named = os.environ.get(spec.variable, "")
    found = shutil.which(named or spec.program)
    if found is None:
        where = f"{spec.variable}={named} is not a program" if named else "it is not on PATH"
        raise EdgecError(
            "missing-tool",
            f"{spec.program} is needed, but {where}",
            help=f"{spec.install}; or set {spec.variable} to its path",
            exit_code=ExitCode.TOOL,
        )
    return Path(found)


def run_tool(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    timeout: float = _TOOL_TIMEOUT,
    makes: Sequence[Path] = (),
) -> str:
    """Run a command, return its standard output. Raises ``tool-failed`` with its last words.

    ``timeout`` is in seconds; ``makes`` are files that it has to write.
    Messages are in English and nothing depends on the user's locale.
    """
    environment = {**os.environ, "LC_ALL": "C"}
    if cwd is not None and is_scratch(cwd):
        environment["TMPDIR"] = str(cwd)  # where a tool that is killed leaves nothing behind
    try:
        done = completed([str(each) for each in command], cwd, environment, timeout)
    except subprocess.TimeoutExpired:
        raise ToolFailedError(command, f"did not end within {timeout:g} s", "") from None
    except OSError as error:
        raise cannot_start(command, error) from None
    if done.returncode in NOT_STARTED:
        raise ToolFailedError(command, "cannot be started", done.stderr)
    if done.returncode != 0:
        raise ToolFailedError(command, f"failed with status {done.returncode}", done.stderr)
    for file in makes:
        if not file.is_file() or not file.stat().st_size:
            raise ToolFailedError(command, f"failed to write {file.name}", done.stderr)
    return done.stdout


def cannot_start(command: Sequence[str | Path], error: OSError) -> "ToolFailedError":
    """Return the error for a program that the system does not run."""
    return ToolFailedError(command, f"cannot be started: {error.strerror}", "")


class ToolFailedError(EdgecError):
    """A tool ended with an error; ``stderr`` is all it said."""

    def __init__(self, command: Sequence[str | Path], problem: str, stderr: str) -> None:
        name = Path(command[0]).name
        super().__init__(
            "tool-failed",
            f"{name} {problem}",
            notes=tuple(stderr.strip().splitlines()[-_LAST_LINES:]),
            help="`edgec doctor` checks the tools and their versions",
            exit_code=ExitCode.TOOL,
        )
        self.stderr = stderr


def tool_version(spec: ToolSpec) -> str:
    """Return the version a tool states of itself, such as ``12.2.1``, or its whole first line.

    A distributor's own version, in parentheses, stands before the tool's or after it.
    """
    line = (run_tool([find_tool(spec), "--version"], timeout=20).splitlines() or [""])[0]
    _, _, behind = line.rpartition(")")
    numbers = _VERSION.findall(behind) or _VERSION.findall(line)
    return str(numbers[0]) if numbers else line
