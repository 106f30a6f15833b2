"""Flashing: the exact command line of each tool, pyocd's own target data, UF2 blocks."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from edgec.errors import EdgecError, ExitCode
from edgec.firmware.flash_tools import FlashPlan, flash_board, plan_flash
from edgec.firmware.uf2 import uf2_image
from edgec.targets.board import Flashing, board_names, load_board

REAL = [name for name in board_names() if not name.startswith("qemu-")]

COMPARE = "compare 0x08000000 firmware.bin"
COMMANDS = {
    ("stm32f405", "openocd"): [
        "-f interface/stlink.cfg -f target/stm32f4x.cfg -c program firmware.elf verify reset exit"
    ],
    ("stm32f405", "st-flash"): ["--reset --format ihex write firmware.hex"],
    ("stm32f405", "probe-rs"): [
        "download --chip STM32F405RGTx --verify firmware.elf",
        "reset --chip STM32F405RGTx",
    ],
    ("stm32f405", "STM32_Programmer_CLI"): ["-c port=SWD -w firmware.hex -v -rst"],
    ("stm32f405", "pyocd"): [
        "load --target stm32f405rgtx firmware.hex",
        f"commander --target stm32f405rgtx --command {COMPARE} --command reset",
    ],
    ("nrf5340-dk", "probe-rs"): [
        "download --chip nRF5340_xxAA --verify firmware.elf",
        "reset --chip nRF5340_xxAA",
    ],
    ("rpi-pico", "uf2"): ["firmware.uf2 BOOTSEL-DISK/"],
}


@pytest.mark.parametrize(("board", "tool"), COMMANDS)
def test_exact_commands(board: str, tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "/nowhere")
    plan = plan_flash(load_board(board), tool, pretend=True)
    assert plan.tool == tool
    assert [" ".join(each[1:]) for each in plan.commands] == COMMANDS[board, tool]
    assert all(each[0] in {tool, "cp"} for each in plan.commands)


@pytest.mark.parametrize("name", REAL)
def test_pyocd_knows_every_target_or_its_pack_does(name: str) -> None:
    targets = pytest.importorskip("pyocd.target.builtin").BUILTIN_TARGETS
    flash = load_board(name).flash
    assert flash.pyocd
    assert (flash.pyocd in targets) == (flash.pack == "")


def program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_the_first_tool_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgecError) as caught:
        plan_flash(load_board("stm32f405"))
    assert (caught.value.code, caught.value.exit_code) == ("no-flash-tool", ExitCode.TOOL)
    assert len(caught.value.notes) == 5
    program(tmp_path, "probe-rs", "exit 0")
    assert plan_flash(load_board("stm32f405")).tool == "probe-rs"
    program(tmp_path, "openocd", "exit 0")
    assert plan_flash(load_board("stm32f405")).tool == "openocd"
    assert plan_flash(load_board("stm32f405"), "probe-rs").tool == "probe-rs"


@pytest.mark.parametrize(
    ("board", "tool", "code"),
    [
        ("nrf52840-dk", "st-flash", "flash-unsupported"),
        ("qemu-m4", "", "flash-unsupported"),
        ("stm32f405", "dfu", "invalid-option"),
        ("stm32f405", "st-flash", "missing-tool"),
        ("rpi-pico", "uf2", "no-boot-disk"),
    ],
)
def test_what_cannot_be(
    board: str, tool: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EdgecError) as caught:
        plan_flash(load_board(board), tool, root=tmp_path)
    assert caught.value.code == code


def test_a_tool_runs_in_the_folder_and_its_failure_is_told(tmp_path: Path) -> None:
    board = load_board("stm32f405")
    program(tmp_path, "good", 'pwd > where; echo "$@" >> where')
    flash_board(tmp_path, board, FlashPlan("good", ((str(tmp_path / "good"), "a", "b"),)))
    assert (tmp_path / "where").read_text() == f"{tmp_path}\na b\n"
    program(tmp_path, "bad", "echo no probe >&2; exit 1")
    with pytest.raises(EdgecError, match="bad failed") as caught:
        flash_board(tmp_path, board, FlashPlan("bad", ((str(tmp_path / "bad"),),)))
    assert caught.value.notes == ("no probe",)
    program(tmp_path, "sly", 'echo "Mismatched byte at 0x08000000 (offset 0x0): 0x00 != 0x01"')
    with pytest.raises(EdgecError) as caught:
        flash_board(tmp_path, board, FlashPlan("pyocd", ((str(tmp_path / "sly"),),)))
    assert (caught.value.code, caught.value.exit_code) == ("verify-failed", ExitCode.MISMATCH)


def small_elf(path: Path, segments: list[tuple[int, bytes]]) -> None:
    """Write an ELF with nothing but loaded segments."""
    head_bytes, entry_bytes = 52, 32
    at = head_bytes + entry_bytes * len(segments)
    head = struct.pack(
        "<16sHHIIIIIHHHHHH",
        b"\x7fELF\x01\x01\x01",
        *(2, 40, 1, 0, head_bytes, 0, 0, head_bytes, entry_bytes, len(segments), 40, 0, 0),
    )
    table = b""
    for address, data in segments:
        table += struct.pack("<8I", 1, at, 0x20000000, address, len(data), len(data), 5, 4)
        at += len(data)
    path.write_bytes(head + table + b"".join(data for _, data in segments))


def test_uf2_blocks_hold_the_segments(tmp_path: Path) -> None:
    first, second = bytes(range(256)) + b"\x11" * 10, b"\x22" * 4
    small_elf(tmp_path / "a.elf", [(0x10000000, first), (0x10001010, second)])
    image = uf2_image(tmp_path / "a.elf", 0xE48BFF56)
    blocks = [image[i : i + 512] for i in range(0, len(image), 512)]
    heads = [struct.unpack("<8I", block[:32]) for block in blocks]
    assert [head[3] for head in heads] == [0x10000000, 0x10000100, 0x10001000]
    assert [head[5] for head in heads] == [0, 1, 2]
    assert all(head[:3] == (0x0A324655, 0x9E5D5157, 0x2000) for head in heads)
    assert all((head[4], head[6], head[7]) == (256, 3, 0xE48BFF56) for head in heads)
    assert all(block[-4:] == struct.pack("<I", 0x0AB16F30) for block in blocks)
    assert blocks[0][32:288] == first[:256]
    assert blocks[1][32:288] == first[256:] + b"\xff" * 246
    assert blocks[2][32:288] == b"\xff" * 16 + second + b"\xff" * 236


def test_a_copy_onto_the_boot_disk(tmp_path: Path) -> None:
    disk = tmp_path / "media" / "me" / "RPI-RP2"
    disk.mkdir(parents=True)
    (disk / "INFO_UF2.TXT").write_text("Model: Raspberry Pi RP2")
    board = load_board("rpi-pico")
    board = replace(board, flash=Flashing(uf2_family=board.flash.uf2_family))
    plan = plan_flash(board, root=tmp_path)
    assert plan.volume == disk
    small_elf(tmp_path / "firmware.elf", [(0x10000000, b"\x01\x02")])
    flash_board(tmp_path, board, plan)
    assert (disk / "firmware.uf2").stat().st_size == 512
