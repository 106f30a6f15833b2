"""Finds and runs outside tools; says how to install the one that is missing."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgec.errors import EdgecError, ExitCode

_LAST_LINES = 12
_TOOL_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A program edgec starts: found by environment variable first, then on PATH."""

    program: str
    variable: str
    apt: str
    brew: str

    @property
    def install(self) -> str:
        """How to get the tool, one line."""
        return f"`sudo apt install {self.apt}`, on macOS `brew install {self.brew}`"


ARM_GCC = ToolSpec(
    "arm-none-eabi-gcc",
    "EDGEC_ARM_GCC",
    "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "--cask gcc-arm-embedded",
)
ARM_OBJCOPY = ToolSpec(
    "arm-none-eabi-objcopy",
    "EDGEC_ARM_OBJCOPY",
    "binutils-arm-none-eabi",
    "--cask gcc-arm-embedded",
)
ARM_OBJDUMP = ToolSpec(
    "arm-none-eabi-objdump",
    "EDGEC_ARM_OBJDUMP",
    "binutils-arm-none-eabi",
    "--cask gcc-arm-embedded",
)
QEMU_ARM = ToolSpec("qemu-system-arm", "EDGEC_QEMU", "qemu-system-arm", "qemu")
HOST_CC = ToolSpec("cc", "EDGEC_CC", "gcc", "gcc")
TOOLS = (ARM_GCC, ARM_OBJCOPY, ARM_OBJDUMP, QEMU_ARM, HOST_CC)


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
    command: Sequence[str | Path], *, cwd: Path | None = None, timeout: float = _TOOL_TIMEOUT
) -> str:
    """Run a command, return its standard output. Raises ``tool-failed`` with its last words.

    ``timeout`` is in seconds. Messages are in English and nothing depends on the user's locale.
    """
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - the program comes from find_tool
            [str(each) for each in command],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolFailedError(command, f"did not end within {timeout:g} s", "") from None
    except OSError as error:
        raise ToolFailedError(command, f"cannot be started: {error.strerror}", "") from None
    if done.returncode != 0:
        raise ToolFailedError(command, f"failed with status {done.returncode}", done.stderr)
    return done.stdout


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
    """Return the version a tool states of itself, such as ``12.2.1``, or its whole first line."""
    lines = run_tool([find_tool(spec), "--version"], timeout=20).splitlines() or [""]
    numbers = re.findall(r"\d+\.\d+(?:\.\d+)*", lines[0])
    return str(numbers[-1] if spec is not QEMU_ARM else numbers[0]) if numbers else lines[0]
