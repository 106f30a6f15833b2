"""What differs between families of processors: tools, port, emulator, words for the same things.

There is one :class:`Architecture` per family, in a file of its own beside this one. Code outside
edgec/targets asks it and names no family.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edgec.resources import data_folder
from edgec.targets.instruction_class import Classify, Timing, plain_work

Role = Literal["compiler", "objcopy", "objdump"]


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


@dataclass(frozen=True, slots=True)
class TickCounter:
    """The port's counter: ``bits`` wide; at its overflow an interrupt counts on.

    The interrupt executes ``interrupt_instructions``. All C ``functions`` that count are named, for
    what they execute is none of the model's.
    """

    bits: int = 64
    interrupt_instructions: int = 0
    functions: tuple[str, ...] = ("edgec_ticks",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A family of processors that one toolchain and one port serve.

    Tools: ``tools`` by what they do, ``cross`` is how their names begin (for the Makefile),
    ``optional`` says what one cannot do without them, where edgec itself can. A family that
    ``is_hosted`` runs processes instead of firmware: it has no boards.

    Port: ``port`` is a folder in runtime_c/port, or an absolute path; every firmware gets its
    ``port_files``, a board adds its console driver and its boot block. ``interrupts`` is how many
    there can be. ``section_macro`` is defined where the linker places what main.c asks for.

    Linking: execution begins at ``entry``; the stack is counted from the C function
    ``first_function`` on, plus what an interrupt pushes (``interrupt_bytes``, and
    ``interrupt_bytes_fpu`` where the core has an FPU). ``unwind_sections`` are what the compiler
    emits for unwinding, kept in a section named like the last. ``mode_bits`` are bits of a
    function's address that do not belong to it.

    Emulation: QEMU's ``emulators``, which get ``emulator_flags``; ``program_counter`` finds that
    register, in hexadecimal, in its monitor's `info registers`; ``breakpoint_bytes`` is the kind of
    a software breakpoint in gdb's protocol.

    Cycles: ``classify`` sorts what the disassembler prints, ``comment_marks`` begin a comment
    there, ``timings`` has each core by name.
    """

    name: str
    tools: Mapping[Role, ToolSpec]
    port: str
    port_files: tuple[str, ...]
    cross: str = ""
    optional: str = ""
    is_hosted: bool = False
    interrupts: int = 1
    section_macro: str = "EDGEC_SECTIONS"
    entry: str = "edgec_reset"
    first_function: str = "edgec_reset"
    interrupt_bytes: int = 0
    interrupt_bytes_fpu: int = 0
    unwind_sections: tuple[str, ...] = ()
    mode_bits: int = 0
    emulators: tuple[ToolSpec, ...] = ()
    emulator_flags: tuple[str, ...] = ()
    program_counter: bytes = rb"\bpc\s+([0-9a-f]{8})"
    breakpoint_bytes: int = 4
    ticks: TickCounter = TickCounter()
    comment_marks: str = "#"
    classify: Classify = plain_work
    timings: Mapping[str, Timing] = field(default_factory=dict)

    @property
    def programs(self) -> tuple[ToolSpec, ...]:
        """All programs that builds and runs for this architecture start."""
        return (*self.tools.values(), *self.emulators)

    @property
    def port_folder(self) -> Path:
        """Where the files of the port are."""
        return data_folder("runtime_c") / "port" / self.port

    @property
    def console_drivers(self) -> tuple[str, ...]:
        """The names of the console drivers that the port has."""
        files = self.port_folder.glob("*.c")
        return tuple(
            sorted(path.stem for path in files if "edgec_console_start" in path.read_text())
        )

    @property
    def boot_blocks(self) -> tuple[str, ...]:
        """The names of the blocks for boot ROMs that the port has."""
        return tuple(sorted(path.stem[5:] for path in self.port_folder.glob("boot_*.c")))

    @property
    def code_sections(self) -> tuple[str, ...]:
        """The sections of a linked firmware that hold the program and its read-only data."""
        return (".text", *self.unwind_sections[-1:])

    def emulator(self, program: str) -> ToolSpec:
        """Return the emulator of this name; a valid board names no other."""
        return next(each for each in self.emulators if each.program == program)

    def interrupt_frame(self, *, has_fpu: bool) -> int:
        """Return the bytes that an interrupt pushes on a core with or without FPU."""
        return self.interrupt_bytes_fpu if has_fpu else self.interrupt_bytes

    def code_address(self, value: int) -> int:
        """Return where a function starts whose symbol has this value."""
        return value & ~self.mode_bits
