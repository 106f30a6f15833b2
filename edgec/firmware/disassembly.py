"""The instructions and functions of a linked firmware, from the toolchain's own disassembler."""

import bisect
import re
from dataclasses import dataclass
from pathlib import Path

from edgec.firmware.sizes import open_elf
from edgec.firmware.toolchain import find_tool, run_tool
from edgec.targets.architecture import Architecture
from edgec.targets.cycle_model import Block

_LINE = re.compile(r"^\s*([0-9a-f]+):\t((?:[0-9a-f]{4,8} ?)+)\s*\t([^\t\n]+)(?:\t([^\n]*))?")


@dataclass(frozen=True)
class Disassembly:
    """Instructions by address, and the functions they belong to."""

    addresses: list[int]
    instructions: list[tuple[str, str]]
    starts: list[int]
    names: list[str]

    def block(self, start: int, end: int) -> Block:
        """Return the instructions in a range of addresses."""
        first, last = (bisect.bisect_left(self.addresses, each) for each in (start, end))
        return Block(start, end, tuple(self.instructions[first:last]))

    def function_at(self, address: int) -> str:
        """Return the function around an address; empty in front of the first."""
        index = bisect.bisect_right(self.starts, address) - 1
        return self.names[index] if index >= 0 else ""

    def address_of(self, function: str) -> int | None:
        """Return where a function starts, or None."""
        return self.starts[self.names.index(function)] if function in self.names else None


def disassemble(elf: Path, architecture: Architecture) -> Disassembly:
    """Return all code of a firmware. Raises ``missing-tool``, ``tool-failed``."""
    text = run_tool([find_tool(architecture.tools["objdump"]), "-d", elf])
    comment = re.compile(f"[{re.escape(architecture.comment_marks)}].*")
    found = [match for match in map(_LINE.match, text.splitlines()) if match]
    functions = _functions(elf, architecture)
    return Disassembly(
        addresses=[int(match[1], 16) for match in found],
        instructions=[
            (match[3].strip(), comment.sub("", match[4] or "").strip()) for match in found
        ],
        starts=[start for start, _ in functions],
        names=[name for _, name in functions],
    )


def _functions(elf: Path, architecture: Architecture) -> list[tuple[int, str]]:
    with open_elf(elf) as file:
        table = file.get_section_by_name(".symtab")
        symbols = list(table.iter_symbols()) if table is not None else []
    return sorted(
        (architecture.code_address(int(symbol["st_value"])), str(symbol.name))
        for symbol in symbols
        if symbol["st_info"]["type"] == "STT_FUNC"
    )
