"""The vendors' register descriptions (CMSIS-SVD) that come with pyocd: address -> name, fields."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

from edgec.targets.board import Board


@dataclass(frozen=True)
class Field:
    """Bits of a register; ``meanings`` is what the vendor says of each value."""

    name: str
    about: str
    low: int
    width: int
    meanings: Mapping[int, str]

    @property
    def mask(self) -> int:
        return ((1 << self.width) - 1) << self.low


@dataclass(frozen=True)
class Register:
    """A register at its address."""

    peripheral: str
    name: str
    reset: int
    fields: tuple[Field, ...]


@dataclass
class Chip:
    """All of one file; ``interrupts`` is peripheral -> numbers."""

    registers: dict[int, Register] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    interrupts: dict[str, set[int]] = field(default_factory=dict)

    def address(self, peripheral: str, name: str) -> int:
        """Return where a register is."""
        return next(
            at
            for at, each in self.registers.items()
            if (each.peripheral, each.name) == (peripheral, name)
        )


class State:
    """Registers of a chip after a board's setup, from reset; those beyond the file count as 0."""

    def __init__(self, chip: Chip, board: Board) -> None:
        self.chip = chip
        self._values: dict[int, int] = {}
        for address, clear, set_bits, *_ in board.setup:
            self._values[address] = (self.at(address) & ~clear) | set_bits

    def at(self, address: int) -> int:
        known = self.chip.registers.get(address)
        return self._values.get(address, known.reset if known else 0)

    def field(self, peripheral: str, name: str, bits: str) -> int:
        """Return a field, also one that the vendor lists bit by bit (PLLM0, PLLM1 ...)."""
        address = self.chip.address(peripheral, name)
        parts = [
            each
            for each in self.chip.registers[address].fields
            if re.fullmatch(rf"{bits}\d*", each.name)
        ]
        exact = [each for each in parts if each.name == bits]
        assert parts, f"{peripheral}.{name} has no {bits}"
        mask = sum(each.mask for each in exact or parts)
        return (self.at(address) & mask) >> min(each.low for each in exact or parts)


def is_installed() -> bool:
    return find_spec("pyocd") is not None


@cache
def read_chip(name: str) -> Chip:
    """Return the chip that ``name``, a file in pyocd's archive, describes."""
    spec = find_spec("pyocd")
    assert spec is not None
    assert spec.origin is not None
    archive = Path(spec.origin).parent / "debug" / "svd" / "svd_data.zip"
    with zipfile.ZipFile(archive) as opened:
        root = ET.parse(io.BytesIO(opened.read(name))).getroot()
    chip = Chip()
    peripherals = {_text(each, "name"): each for each in root.iter("peripheral")}
    for title, each in peripherals.items():
        source = peripherals.get(each.get("derivedFrom", ""), each)
        base = _number(each, "baseAddress")
        chip.bases[title] = base
        chip.interrupts[title] = {_number(i, "value") for i in each.iter("interrupt")}
        block = each.find("registers")
        block = source.find("registers") if block is None else block
        if block is not None:
            chip.registers.update(_registers(block, title, base, ""))
    return chip


def _registers(
    block: ET.Element, peripheral: str, base: int, prefix: str
) -> Iterator[tuple[int, Register]]:
    for each in block.findall("register"):
        for name, offset in _repeated(each):
            fields = tuple(_fields(each))
            reset = _number(each, "resetValue")
            yield base + offset, Register(peripheral, prefix + name, reset, fields)
    for each in block.findall("cluster"):
        for name, offset in _repeated(each):
            yield from _registers(each, peripheral, base + offset, f"{prefix}{name}.")


def _repeated(each: ET.Element) -> Iterator[tuple[str, int]]:
    """Yield name and offset of each element of an array, or of what is none."""
    name, offset = _text(each, "name"), _number(each, "addressOffset")
    if each.find("dim") is None:
        yield name, offset
        return
    for index in range(_number(each, "dim")):
        yield re.sub(r"\[?%s\]?", str(index), name), offset + index * _number(each, "dimIncrement")


def _fields(register: ET.Element) -> Iterator[Field]:
    for each in register.iter("field"):
        if (bits := re.fullmatch(r"\[(\d+):(\d+)\]", _text(each, "bitRange"))) is not None:
            high, low = int(bits[1]), int(bits[2])
        elif each.find("lsb") is not None:
            high, low = _number(each, "msb"), _number(each, "lsb")
        else:
            low = _number(each, "bitOffset")
            high = low + _number(each, "bitWidth") - 1
        meanings = {
            _number(value, "value"): _text(value, "description")
            for value in each.iter("enumeratedValue")
            if value.find("value") is not None
        }
        yield Field(_text(each, "name"), _text(each, "description"), low, high - low + 1, meanings)


def _text(element: ET.Element, tag: str) -> str:
    return " ".join((element.findtext(tag) or "").split())


def _number(element: ET.Element, tag: str) -> int:
    text = _text(element, tag).lower()
    if text.startswith("#"):
        return int(text[1:].replace("x", "0"), 2)
    return int(text or "0", 0) if not re.fullmatch(r"0\d+", text) else int(text)
