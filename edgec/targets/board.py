"""Boards: one TOML each with core, memories, console and emulator; read, checked, explained.

A board's id is the name of its folder in ``boards/``; a user's own file works by its path.
"""

import difflib
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgec.errors import EdgecError, Place, raise_all
from edgec.reading import read_limited
from edgec.resources import data_folder
from edgec.targets.architecture import Architecture
from edgec.targets.cpu import ARCHITECTURES, CPUS, CpuCore
from edgec.targets.cycle_model import NEVER_WAITS, FlashTiming
from edgec.targets.typed_toml import read_toml

SCHEMA = 1
CONTENTS = ("text", "weights", "data", "arena", "stack")
FLASH_CONTENTS = ("text", "weights")
RAM_CONTENTS = ("data", "arena", "stack")
_MOST_POWER = 1_000_000  # volts, milliamperes: beyond any board
_ADDRESS_SPACE = 1 << 32
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TARGET_NAME = re.compile(rf"({_PLAIN_NAME.pattern})?")
_SCRIPT = re.compile(rf"(board|interface|target)(/{_PLAIN_NAME.pattern})+\.cfg")
"""Scripts are programs: only those that come with OpenOCD, no file that a build may have made."""
_LINKER_WORDS = ("l", "len", "o", "org")
_TITLE_LENGTH = 100
_REGISTER_FIELDS = (4, 5)
_WIDTHS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class MemoryRegion:
    """A range of addresses (bytes) and what the linker puts there, in :data:`CONTENTS` terms."""

    name: str
    origin: int
    size: int
    holds: tuple[str, ...]

    @property
    def end(self) -> int:
        """First address behind the region."""
        return self.origin + self.size


@dataclass(frozen=True, slots=True)
class Console:
    """The byte console. ``driver`` is a file of the core's port; ``clock_hz`` feeds it.

    ``irq`` is the number of its interrupt, for drivers that sleep until a byte arrives.
    """

    driver: str
    base: int = 0
    clock_hz: int = 0
    baud: int = 115_200
    irq: int = 0


@dataclass(frozen=True, slots=True)
class Emulator:
    """How QEMU plays the board: an instruction takes 2^icount_shift ns, ticks run at tick_hz."""

    program: str
    machine: str
    icount_shift: int
    tick_hz: int


@dataclass(frozen=True, slots=True)
class Flashing:
    """How each tool knows the board; a tool without an entry cannot write it.

    ``pyocd`` is a target id, which needs the CMSIS-Pack ``pack`` where that is named; ``openocd``
    lists script files, ``probe_rs`` is a chip, ``stlink`` allows st-flash and STM32_Programmer_CLI,
    ``uf2_family`` is the number in the blocks of a .uf2 file.
    """

    pyocd: str = ""
    pack: str = ""
    openocd: tuple[str, ...] = ()
    probe_rs: str = ""
    stlink: bool = False
    uf2_family: int = 0


@dataclass(frozen=True, slots=True)
class Power:
    """What the chip draws while it computes, at the board's clock: for energy estimates."""

    volts: float
    milliamperes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board as its file says it is; valid by construction through :func:`load_board`.

    ``setup`` is a list of register writes at start, [address, clear, set, wait for these bits] and
    the register's bytes where they are not 4. ``boot`` names a file boot_<name>.c of the core's
    port that the chip's ROM wants before the program.
    """

    id: str
    file: str
    schema: int
    name: str
    cpu: str
    clock_hz: int
    memory: tuple[MemoryRegion, ...]
    console: Console
    emulator: Emulator | None = None
    twin: str = ""
    aliases: tuple[str, ...] = ()
    setup: tuple[tuple[int, ...], ...] = ()
    flash_timing: FlashTiming = NEVER_WAITS
    power: Power | None = None
    boot: str = ""
    caches: bool = False
    flash: Flashing = Flashing()

    @property
    def core(self) -> CpuCore:
        """The CPU core of the board."""
        return CPUS[self.cpu]

    @property
    def architecture(self) -> Architecture:
        """The architecture of the board's core."""
        return ARCHITECTURES[self.core.architecture]

    @property
    def flash_bytes(self) -> int:
        """Size of the regions that hold code and weights."""
        return self.bytes_for(FLASH_CONTENTS)

    @property
    def ram_bytes(self) -> int:
        """Size of the regions that hold data, arena and stack."""
        return self.bytes_for(RAM_CONTENTS)

    def region_of(self, content: str) -> MemoryRegion:
        """Return the region that holds ``content``, one of :data:`CONTENTS`."""
        return next(region for region in self.memory if content in region.holds)

    def bytes_for(self, contents: tuple[str, ...]) -> int:
        """Return the size of the regions that hold any of ``contents``."""
        return sum(each.size for each in self.memory if set(each.holds) & set(contents))


def load_board(name_or_path: str | Path) -> Board:
    """Return the board with this id, alias or path of a board.toml.

    Raises ``unknown-board``, or every problem of the board's file together.
    """
    text = str(name_or_path)
    if text.endswith(".toml"):
        return _read(Path(text), Path(text).stem)
    identity = text if text in board_names() else board_aliases().get(text)
    if identity is None:
        raise _unknown_board(text)
    return _read(_file_of(identity), identity, shown=f"boards/{identity}/board.toml")


@cache
def board_names() -> tuple[str, ...]:
    """Return the ids of the boards that come with edgec, sorted."""
    return tuple(sorted(path.parent.name for path in data_folder("boards").glob("*/board.toml")))


@cache
def board_aliases() -> Mapping[str, str]:
    """Return alias -> board id."""
    return {alias: name for name in board_names() for alias in load_board(name).aliases}


def board_source(name_or_path: str | Path) -> bytes:
    """Return the file of a board that :func:`load_board` has accepted."""
    text = str(name_or_path)
    if text.endswith(".toml"):
        return read_limited(Path(text), 1 << 20)
    return _file_of(board_aliases().get(text, text)).read_bytes()


def _file_of(identity: str) -> Path:
    return data_folder("boards") / identity / "board.toml"


def _read(path: Path, identity: str, shown: str = "") -> Board:
    board = read_toml(path, Board, {"id": identity, "file": shown or str(path)})
    raise_all(list(validate(board)))
    return board


def _unknown_board(name: str) -> EdgecError:
    known = [*board_names(), *board_aliases()]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return EdgecError(
        "unknown-board",
        f"there is no board named {name!r}",
        help=f"{hint}`edgec boards` lists all; a path to your own board.toml works too",
    )


def validate(board: Board) -> Iterator[EdgecError]:
    """Yield every contradiction in a board whose types are right."""
    yield from _check_head(board)
    yield from _check_regions(board)
    yield from _check_contents(board)
    yield from _check_devices(board)


def _problem(board: Board, key: str, message: str, hint: str = "") -> EdgecError:
    return EdgecError("invalid-board", f"{key}: {message}", place=Place(board.file, key), help=hint)


def _one_of(board: Board, key: str, value: str, known: tuple[str, ...]) -> Iterator[EdgecError]:
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
        yield _problem(board, key, f"unknown value {value!r}", hint)


def _check_head(board: Board) -> Iterator[EdgecError]:
    if board.schema != SCHEMA:
        yield _problem(board, "schema", f"must be {SCHEMA}, got {board.schema}")
    if not 0 < board.clock_hz < _ADDRESS_SPACE:
        yield _problem(board, "clock_hz", f"must be a frequency in Hz, got {board.clock_hz}")
    yield from _one_of(board, "cpu", board.cpu, tuple(_bare_cores()))
    if not (board.name.strip() and board.name.isprintable() and len(board.name) <= _TITLE_LENGTH):
        hint = f"up to {_TITLE_LENGTH} printable characters on one line"
        yield _problem(board, "name", f"not a title: {board.name!r}", hint)
    for i, alias in enumerate(board.aliases):
        if not _PLAIN_NAME.fullmatch(alias):
            yield _problem(board, f"aliases[{i}]", f"not a plain name: {alias!r}")


def _bare_cores() -> dict[str, Architecture]:
    """Return the cores that a board can have, and their architectures."""
    found = {name: ARCHITECTURES[core.architecture] for name, core in CPUS.items()}
    return {name: each for name, each in found.items() if not each.is_hosted}


def _architecture(board: Board) -> Architecture:
    """Return the architecture to check against; that of the first core where there is no such."""
    known = _bare_cores()
    return known.get(board.cpu, next(iter(known.values())))


def _check_regions(board: Board) -> Iterator[EdgecError]:
    for i, region in enumerate(board.memory):
        key = f"memory[{i}]"
        if not _NAME.fullmatch(region.name):
            yield _problem(board, f"{key}.name", f"not a lower-case identifier: {region.name!r}")
        if region.name in _LINKER_WORDS:
            yield _problem(board, f"{key}.name", f"{region.name!r} is a word of linker scripts")
        if region.size <= 0 or region.origin < 0 or region.end > _ADDRESS_SPACE:
            yield _problem(board, key, "origin and size must lie in the 32-bit address space")
    for one, other in itertools.combinations(board.memory, 2):
        if one.name == other.name:
            yield _problem(board, "memory", f"two regions are named {one.name!r}")
        if one.origin < other.end and other.origin < one.end:
            yield _problem(board, "memory", f"{one.name!r} and {other.name!r} overlap")


def _check_contents(board: Board) -> Iterator[EdgecError]:
    for i, region in enumerate(board.memory):
        for content in region.holds:
            yield from _one_of(board, f"memory[{i}].holds", content, CONTENTS)
    for content in CONTENTS:
        holders = [each.name for each in board.memory for held in each.holds if held == content]
        if len(holders) != 1:
            found = f"held by {', '.join(holders)}" if holders else "held by no region"
            hint = f"put {content!r} into `holds` of exactly one [[memory]]"
            yield _problem(board, "memory", f"{content!r} is {found}", hint)


def _check_devices(board: Board) -> Iterator[EdgecError]:
    console, architecture = board.console, _architecture(board)
    yield from _one_of(board, "console.driver", console.driver, architecture.console_drivers)
    for key in ("base", "clock_hz", "baud"):
        if not 0 <= getattr(console, key) < _ADDRESS_SPACE:
            yield _problem(board, f"console.{key}", "must fit 32 bits and not be negative")
    if not 0 <= console.irq < architecture.interrupts:
        most = architecture.interrupts - 1
        yield _problem(board, "console.irq", f"must be 0 to {most}, got {console.irq}")
    if console.baud == 0:
        yield _problem(board, "console.baud", "must not be 0")
    for i, step in enumerate(board.setup):
        if not _is_register_write(step):
            form = "must be [address, clear, set, wait], 32 bits each, and 1 or 2 for fewer bytes"
            yield _problem(board, f"setup[{i}]", form)
    if board.boot:
        yield from _one_of(board, "boot", board.boot, architecture.boot_blocks)
    yield from _check_flashing(board)
    yield from _check_emulator(board)
    yield from _check_figures(board)


def _check_figures(board: Board) -> Iterator[EdgecError]:
    timing, power = board.flash_timing, board.power
    for key in ("wait_states", "code_cache_bytes", "data_cache_bytes"):
        if not 0 <= getattr(timing, key) < _ADDRESS_SPACE:
            yield _problem(board, f"flash_timing.{key}", "must fit 32 bits and not be negative")
    if not 0 < timing.line_bytes < _ADDRESS_SPACE:
        yield _problem(board, "flash_timing.line_bytes", "must be positive and fit 32 bits")
    for key in ("volts", "milliamperes"):
        if power is not None and not 0 < getattr(power, key) <= _MOST_POWER:
            yield _problem(board, f"power.{key}", f"must be positive, at most {_MOST_POWER:,}")


def _is_register_write(step: tuple[int, ...]) -> bool:
    if len(step) not in _REGISTER_FIELDS:
        return False
    width = step[4] if len(step) == _REGISTER_FIELDS[1] else 4
    in_range = all(0 <= number < _ADDRESS_SPACE for number in step)
    return in_range and width in _WIDTHS and step[0] % width == 0


def _check_flashing(board: Board) -> Iterator[EdgecError]:
    """Keep to plain names what becomes part of a command line."""
    flash = board.flash
    for key in ("pyocd", "pack", "probe_rs"):
        if not _TARGET_NAME.fullmatch(getattr(flash, key)):
            yield _problem(board, f"flash.{key}", f"not a plain name: {getattr(flash, key)!r}")
    for i, script in enumerate(flash.openocd):
        if not _SCRIPT.fullmatch(script):
            hint = "scripts that come with OpenOCD, such as interface/stlink.cfg"
            yield _problem(board, f"flash.openocd[{i}]", f"not such a script: {script!r}", hint)
    if not 0 <= flash.uf2_family < _ADDRESS_SPACE:
        yield _problem(board, "flash.uf2_family", "must fit 32 bits")


def _check_emulator(board: Board) -> Iterator[EdgecError]:
    emulator = board.emulator
    if emulator is None:
        if board.twin:
            yield from _check_twin(board)
        return
    if not 0 <= emulator.icount_shift <= 10:  # noqa: PLR2004 - QEMU's own limit
        yield _problem(board, "emulator.icount_shift", "must be 0 to 10")
    elif not 0 < emulator.tick_hz < _ADDRESS_SPACE:
        yield _problem(board, "emulator.tick_hz", "must be positive and fit 32 bits")
    elif (1 << emulator.icount_shift) * emulator.tick_hz < 2 * 10**9:
        hint = "an instruction must take at least two ticks: 2^icount_shift * tick_hz >= 2e9"
        yield _problem(board, "emulator.icount_shift", "is too small to count instructions", hint)
    for key in ("program", "machine"):
        value = getattr(emulator, key)
        if not _PLAIN_NAME.fullmatch(value):
            yield _problem(board, f"emulator.{key}", f"not a plain name: {value!r}")
    if _PLAIN_NAME.fullmatch(emulator.program):
        known = tuple(each.program for each in _architecture(board).emulators)
        yield from _one_of(board, "emulator.program", emulator.program, known)


def _check_twin(board: Board) -> Iterator[EdgecError]:
    """A twin runs the board's code: it has an emulator and a core of the same instruction set."""
    yield from _one_of(board, "twin", board.twin, board_names())
    if board.twin not in board_names() or board.cpu not in CPUS:
        return
    twin = load_board(board.twin)
    if twin.emulator is None:
        yield _problem(board, "twin", f"{twin.id} has no emulator either")
    if _code_kind(twin.core) != _code_kind(board.core):
        yield _problem(board, "twin", f"{twin.id} has a {twin.cpu}, which is no {board.cpu}")


def _code_kind(core: CpuCore) -> tuple[str, str, bool]:
    return core.architecture, core.isa, core.has_fpu
