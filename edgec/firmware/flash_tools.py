"""Writes a firmware to a board with whatever tool is there; knows every command line."""

import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgec.errors import EdgecError, ExitCode, Place
from edgec.firmware.toolchain import find_tool, run_tool
from edgec.firmware.uf2 import uf2_image
from edgec.targets.architecture import ToolSpec
from edgec.targets.board import Board, Flashing

UF2 = "uf2"
_UF2_MARK = "INFO_UF2.TXT"
_TIMEOUT = 300.0
_DIFFERENT = "Mismatched byte"
_VOLUMES = ("media/*/*", "run/media/*/*", "Volumes/*", "mnt/*")

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlashTool:
    """A program that writes a board. ``arguments`` are of each call of it, in OUT."""

    name: str
    spec: ToolSpec
    knows: Callable[[Flashing], bool]
    arguments: Callable[[Board], tuple[Command, ...]]
    module: str = ""

    def program(self) -> Command:
        """Return how to start the tool; raises ``missing-tool``."""
        if self.module and importlib.util.find_spec(self.module) is not None:
            return (sys.executable, "-m", self.module)
        return (str(find_tool(self.spec)),)

    def is_here(self) -> bool:
        """Tell whether the tool is installed."""
        try:
            return bool(self.program())
        except EdgecError:
            return False


def _pyocd(board: Board) -> tuple[Command, ...]:
    target = ("--target", board.flash.pyocd)
    load = ("load", *target, "firmware.hex")
    if board.region_of("weights") != board.region_of("text"):
        return (load,)
    check = f"compare 0x{board.region_of('text').origin:08x} firmware.bin"
    verify = ("commander", *target, "--command", check, "--command", "reset")
    return load, verify


def _openocd(board: Board) -> tuple[Command, ...]:
    scripts = tuple(part for script in board.flash.openocd for part in ("-f", script))
    return ((*scripts, "-c", "program firmware.elf verify reset exit"),)


def _st_flash(board: Board) -> tuple[Command, ...]:
    return (("--reset", "--format", "ihex", "write", "firmware.hex"),)


def _probe_rs(board: Board) -> tuple[Command, ...]:
    chip = ("--chip", board.flash.probe_rs)
    return ("download", *chip, "--verify", "firmware.elf"), ("reset", *chip)


def _stm32_programmer(board: Board) -> tuple[Command, ...]:
    return (("-c", "port=SWD", "-w", "firmware.hex", "-v", "-rst"),)


TOOLS = (
    FlashTool(
        "pyocd",
        ToolSpec("pyocd", "EDGEC_PYOCD", "python3-pyocd", "pyocd"),
        lambda flash: bool(flash.pyocd),
        _pyocd,
        module="pyocd",
    ),
    FlashTool(
        "openocd",
        ToolSpec("openocd", "EDGEC_OPENOCD", "openocd", "openocd"),
        lambda flash: bool(flash.openocd),
        _openocd,
    ),
    FlashTool(
        "st-flash",
        ToolSpec("st-flash", "EDGEC_ST_FLASH", "stlink-tools", "stlink"),
        lambda flash: flash.stlink,
        _st_flash,
    ),
    FlashTool(
        "probe-rs",
        ToolSpec("probe-rs", "EDGEC_PROBE_RS", "probe-rs-tools", "probe-rs"),
        lambda flash: bool(flash.probe_rs),
        _probe_rs,
    ),
    FlashTool(
        "STM32_Programmer_CLI",
        ToolSpec(
            "STM32_Programmer_CLI", "EDGEC_STM32_PROGRAMMER", "stm32cubeprog", "stm32cubeprog"
        ),
        lambda flash: flash.stlink,
        _stm32_programmer,
    ),
)
TOOL_NAMES = (*(tool.name for tool in TOOLS), UF2)


@dataclass(frozen=True, slots=True)
class FlashPlan:
    """What will be done: commands to run in OUT, or a .uf2 file to copy onto ``volume``."""

    tool: str
    commands: tuple[Command, ...]
    volume: Path | None = None


def plan_flash(
    board: Board, asked: str = "", *, pretend: bool = False, root: Path = Path("/")
) -> FlashPlan:
    """Choose the first tool that is installed and knows the board, or the one asked for.

    To ``pretend`` needs no tool to be there. ``root`` is where mounted disks are looked for.
    Raises ``flash-unsupported``, ``no-flash-tool``, ``missing-tool`` and ``no-boot-disk``.
    """
    known = [tool for tool in TOOLS if tool.knows(board.flash)]
    names = [tool.name for tool in known] + ([UF2] if board.flash.uf2_family else [])
    if asked and asked not in TOOL_NAMES:
        raise _unknown_tool(asked)
    if not names or (asked and asked not in names):
        raise _unsupported(board, asked, names)
    installed = [tool for tool in known if tool.is_here()]
    candidates = [tool for tool in known if tool.name == asked] if asked else installed
    if pretend and not asked:
        candidates = installed or known
    if candidates:
        return _with_program(candidates[0], board, pretend=pretend)
    if board.flash.uf2_family:
        volume = _uf2_volume(board, root, pretend=pretend)
        return FlashPlan(UF2, (("cp", "firmware.uf2", f"{volume}/"),), volume)
    raise _no_tool(board, known)


def _with_program(tool: FlashTool, board: Board, *, pretend: bool) -> FlashPlan:
    start = (tool.spec.program,) if pretend and not tool.is_here() else tool.program()
    return FlashPlan(tool.name, tuple((*start, *each) for each in tool.arguments(board)))


def flash_board(out: Path, board: Board, plan: FlashPlan) -> None:
    """Carry out a plan on the firmware in ``out``; each tool verifies what it wrote.

    Raises ``tool-failed`` with the last words of a tool.
    """
    if plan.volume is None:
        for command in plan.commands:
            _check(plan.tool, run_tool(command, cwd=out, timeout=_TIMEOUT))
        return
    image = out / "firmware.uf2"
    image.write_bytes(uf2_image(out / "firmware.elf", board.flash.uf2_family))
    try:
        shutil.copyfile(image, plan.volume / image.name)
    except OSError as error:
        raise EdgecError(
            "tool-failed",
            f"cannot copy firmware.uf2: {error.strerror or error}",
            place=Place(str(plan.volume)),
            help="press BOOTSEL, plug the board in again, and repeat",
            exit_code=ExitCode.TOOL,
        ) from None


def _check(tool: str, said: str) -> None:
    """Raise where pyocd's comparison found a difference: its status does not tell."""
    if _DIFFERENT in said:
        line = next(each for each in said.splitlines() if _DIFFERENT in each)
        raise EdgecError(
            "verify-failed",
            "the board holds something else than what was written",
            notes=[f"{tool}: {line.strip()}"],
            help="write it again; if it stays, the flash is worn or protected",
            exit_code=ExitCode.MISMATCH,
        )


def _uf2_volume(board: Board, root: Path, *, pretend: bool) -> Path:
    found = [
        mark.parent for pattern in _VOLUMES for mark in sorted(root.glob(f"{pattern}/{_UF2_MARK}"))
    ]
    if not found and pretend:
        return Path("BOOTSEL-DISK")
    if not found:
        raise EdgecError(
            "no-boot-disk",
            f"no tool for {board.id} is installed, and the disk of its boot loader is not there",
            help="hold BOOTSEL while you plug it in, mount the disk that appears, and repeat",
            exit_code=ExitCode.TOOL,
        )
    return found[0]


def _unknown_tool(name: str) -> EdgecError:
    return EdgecError(
        "invalid-option",
        f"--tool: {name!r} is none of {', '.join(TOOL_NAMES)}",
        help="leave --tool out: the first that is installed and knows the board is taken",
        exit_code=ExitCode.USAGE,
    )


def _unsupported(board: Board, asked: str, names: list[str]) -> EdgecError:
    if not names:
        return EdgecError(
            "flash-unsupported",
            f"{board.id} cannot be flashed: its file has no [flash] table",
            place=Place(board.file, "flash"),
            help='name a tool\'s target there, for instance [flash] probe_rs = "STM32F405RGTx"',
        )
    return EdgecError(
        "flash-unsupported",
        f"{asked} does not know {board.id}",
        place=Place(board.file, "flash"),
        help=f"use one of {', '.join(names)}",
    )


def _no_tool(board: Board, known: list[FlashTool]) -> EdgecError:
    return EdgecError(
        "no-flash-tool",
        f"none of the tools that know {board.id} is installed",
        notes=[f"{tool.name}: {tool.spec.install}" for tool in known],
        help="`pip install 'edgec[flash]'` brings pyocd; or install one of the above",
        exit_code=ExitCode.TOOL,
    )
