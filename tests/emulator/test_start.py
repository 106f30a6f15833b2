"""What start-up code must do by itself: a chip's RAM holds anything, and flash may be damaged."""

import random
import subprocess
import zlib
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from emulator.conftest import INPUT_BYTES, Build, expected_sums, write_fake

from edgec.firmware.emulate import Emulator
from edgec.firmware.image import build_firmware
from edgec.firmware.image_sums import code_ranges
from edgec.firmware.sizes import symbol_values
from edgec.targets.board import Board, load_board
from edgec.targets.board import Emulator as Machine

pytestmark = pytest.mark.qemu

WORK = bytes(4)


class PoweredOn(Emulator):
    """QEMU as a chip after power-on: flash as the .hex says, and in every RAM what ``ram`` says.

    QEMU itself clears .bss where it loads an ELF.
    """

    def __init__(self, board: Board, elf: Path, ram: dict[int, Path]) -> None:
        super().__init__(board, elf, timeout=20)
        self._loaded = [f"file={elf.with_suffix('.hex')}"]
        self._loaded += [f"file={file},addr={at},force-raw=on" for at, file in ram.items()]

    def _command(self, spec: Machine, monitor_fd: int) -> list[str]:
        command = super()._command(spec, monitor_fd)
        at = command.index("-kernel")
        loaders = [part for each in self._loaded for part in ("-device", f"loader,{each}")]
        return command[:at] + loaders


def random_ram(board: Board, folder: Path) -> dict[int, Path]:
    """Return a file of random bytes for every RAM of a board."""
    found = {}
    for region in board.memory:
        if set(region.holds) & {"data", "arena", "stack"}:
            path = folder / f"{region.name}.ram"
            path.write_bytes(random.Random(region.origin).randbytes(region.size))
            found[region.origin] = path
    return found


@pytest.mark.parametrize("name", ["qemu-m0", "qemu-m55", "stm32f405"])
def test_ram_may_hold_anything_at_power_on(name: str, fake_image: Build, tmp_path: Path) -> None:
    board = load_board(name)
    data = random.Random(name).randbytes(INPUT_BYTES)
    with PoweredOn(board, fake_image(name).elf, random_ram(board, tmp_path)) as session:
        for runs in (1, 2):
            result = session.run([data, WORK])
            assert result.outputs == [expected_sums(data), bytes([runs]) + bytes(7)]
        assert len(session.profile()) == 4


def made_up_inputs(sizes: tuple[int, ...]) -> list[bytes]:
    """Return what the self-test feeds: the highest bytes of Marsaglia's xorshift32 (13, 17, 5)."""
    state, made = 0x2545F491, []
    for size in sizes:
        data = bytearray()
        for _ in range(size):
            state ^= state << 13 & 0xFFFFFFFF
            state ^= state >> 17
            state ^= state << 5 & 0xFFFFFFFF
            data.append(state >> 24)
        made.append(bytes(data))
    return made


def outputs_crc() -> int:
    (values, _) = made_up_inputs((INPUT_BYTES, 4))
    return zlib.crc32(expected_sums(values) + bytes([1]) + bytes(7))


def damaged(elf: Path, address: int, copy: Path) -> Path:
    """Return a copy of the ELF with one bit of the byte at ``address`` flipped."""
    with elf.open("rb") as file:
        (at,) = ELFFile(file).address_offsets(address)
    data = bytearray(elf.read_bytes())
    data[at] ^= 0x10
    copy.write_bytes(data)
    return copy


def verdict(elf: Path) -> tuple[bool, bool | None, bool | None]:
    with Emulator(load_board("qemu-m3"), elf) as session:
        found = session.self_test()
    return found.weights_ok, found.outputs_ok, found.code_ok


@pytest.fixture
def checked(tmp_path: Path) -> Path:
    """Return a firmware for qemu-m3 that knows what its outputs should be."""
    board = load_board("qemu-m3")
    write_fake(tmp_path, board)
    return build_firmware(tmp_path, "fake", board, output_crc=outputs_crc()).elf


FINE = (True, True, True)
# What is damaged: a weight; the notes on outputs, which count as code; the two CRCs of flash.
DAMAGES = {
    ("edgec_weights_start", 15): (False, False, True),
    ("edgec_self_test", 0): (True, False, False),
    ("edgec_self_test", 16): (False, True, True),
    ("edgec_self_test", 20): (True, True, False),
    ("edgec_runner_report_fault", 6): (True, True, False),  # code that no run comes by
    ("edgec_text_start", 40): (True, True, False),  # a vector of an interrupt that never comes
}


def test_the_self_test_finds_each_damage(checked: Path, tmp_path: Path) -> None:
    symbols = symbol_values(checked, {name for name, _ in DAMAGES})
    assert verdict(checked) == FINE
    for (name, offset), expected in DAMAGES.items():
        address = (symbols[name] & ~1) + offset
        assert verdict(damaged(checked, address, tmp_path / "damaged.elf")) == expected, name


@pytest.mark.parametrize("name", ["qemu-m3", "qemu-m55", "stm32f405", "qemu-m0"])
def test_all_that_is_flashed_is_checked(name: str, fake_image: Build) -> None:
    """By the program headers: each byte is a weight, code, or one of the two CRCs."""
    elf = fake_image(name).elf
    names = {"edgec_weights_start", "edgec_weights_end", "edgec_code_end", "edgec_self_test_end"}
    at = symbol_values(elf, names)
    ranges = [*code_ranges(elf), (at["edgec_weights_start"], at["edgec_weights_end"])]
    ranges.append((at["edgec_code_end"], at["edgec_self_test_end"]))
    covered = {address for start, end in ranges for address in range(start, end)}
    with elf.open("rb") as file:
        segments = [each for each in ELFFile(file).iter_segments("PT_LOAD") if each["p_filesz"]]
    written = {
        address
        for each in segments
        for address in range(each["p_paddr"], each["p_paddr"] + each["p_filesz"])
    }
    assert len(written) > 1000
    assert written == covered


def test_what_the_user_changed_is_not_called_damaged(checked: Path) -> None:
    """make builds the same image; with other code, and told so, one that compares no code."""
    folder = checked.parent / "firmware"
    before = checked.read_bytes()
    make(folder)
    assert checked.read_bytes() == before
    main = folder / "main.c"
    main.write_text(main.read_text().replace("    return 1;", "    return 3;"))
    make(folder)
    assert verdict(checked) == (True, True, False)
    checked.unlink()
    make(folder, "SELF_TEST_CODE=no")
    assert verdict(checked) == (True, True, None)


def make(folder: Path, *variables: str) -> None:
    subprocess.run(["make", *variables], cwd=folder, check=True, capture_output=True)
