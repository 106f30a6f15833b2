"""Sizes of a firmware, read from the linked ELF: what is in flash, what is in RAM."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from edgec.errors import EdgecError, Place
from edgec.targets.architecture import Architecture

WEIGHTS_SECTION = ".edgec_weights"
_ARENA = ".edgec_arena"
_STACK = ".edgec_stack"
_STATIC = (".data", ".bss")


@dataclass(frozen=True, slots=True)
class FirmwareSizes:
    """Bytes per purpose.

    ``code_bytes`` is program and read-only data but weights; ``static_ram_bytes`` is .data and .bss
    without arena and stack; ``stack_reserved_bytes`` is what the linker set aside.
    """

    code_bytes: int
    weights_bytes: int
    data_bytes: int
    static_ram_bytes: int
    arena_bytes: int
    stack_reserved_bytes: int

    @property
    def flash_total_bytes(self) -> int:
        """Everything that must be stored: code, weights, and the initial values of .data."""
        return self.code_bytes + self.weights_bytes + self.data_bytes

    @property
    def ram_total_bytes(self) -> int:
        """Everything in RAM: variables, arena and stack."""
        return self.static_ram_bytes + self.arena_bytes + self.stack_reserved_bytes


@contextmanager
def open_elf(elf: Path) -> Iterator[ELFFile]:
    """Open a program; ``damaged-output`` where it is none, or where reading it finds so."""
    try:
        with elf.open("rb") as file:
            yield ELFFile(file)
    except EdgecError:
        raise
    except Exception as error:  # pyelftools raises what its parsers happen to raise
        raise EdgecError(
            "damaged-output",
            f"{elf.name} is no program, or damaged: {str(error) or type(error).__name__}",
            place=Place(str(elf)),
            help="build again; `edgec doctor` checks the compiler",
        ) from error


def measure_elf(elf: Path, architecture: Architecture) -> FirmwareSizes:
    """Return the sizes of a linked firmware."""
    with open_elf(elf) as file:
        sizes = {each.name: int(each["sh_size"]) for each in file.iter_sections()}
    return FirmwareSizes(
        code_bytes=sum(sizes.get(name, 0) for name in architecture.code_sections),
        weights_bytes=sizes.get(WEIGHTS_SECTION, 0),
        data_bytes=sizes.get(".data", 0),
        static_ram_bytes=sum(sizes.get(name, 0) for name in _STATIC),
        arena_bytes=sizes.get(_ARENA, 0),
        stack_reserved_bytes=sizes.get(_STACK, 0),
    )


def section_data(elf: Path, name: str) -> bytes:
    """Return the content of a section; nothing where there is none."""
    with open_elf(elf) as file:
        section = file.get_section_by_name(name)
        return bytes(section.data()) if section is not None else b""


def function_at(elf: Path, address: int, architecture: Architecture) -> str:
    """Return the name of the function around ``address``, or an empty string."""
    with open_elf(elf) as file:
        table = file.get_section_by_name(".symtab")
        symbols = table.iter_symbols() if table is not None else ()
        for symbol in symbols:
            start = architecture.code_address(int(symbol["st_value"]))
            if start <= address < start + int(symbol["st_size"]):
                return str(symbol.name)
    return ""


def symbol_values(elf: Path, names: Collection[str]) -> dict[str, int]:
    """Return what the linker made of symbols of its script. Raises ``damaged-output``."""
    with open_elf(elf) as file:
        table = file.get_section_by_name(".symtab")
        symbols = table.iter_symbols() if table is not None else ()
        found = {str(each.name): int(each["st_value"]) for each in symbols if each.name in names}
    missing = sorted(set(names) - found.keys())
    if missing:
        raise EdgecError(
            "damaged-output",
            f"{elf.name} has no symbol {', '.join(missing)}",
            place=Place(str(elf)),
            help="build again",
        )
    return found


def symbol_address(elf: Path, name: str, architecture: Architecture) -> int | None:
    """Return where a function or a variable is, or None."""
    with open_elf(elf) as file:
        table = file.get_section_by_name(".symtab")
        for symbol in table.get_symbol_by_name(name) or () if table is not None else ():
            value = int(symbol["st_value"])
            is_code = symbol["st_info"]["type"] == "STT_FUNC"
            return architecture.code_address(value) if is_code else value
    return None
