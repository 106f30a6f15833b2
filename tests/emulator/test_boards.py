"""Real boards: firmware within their memories, boot blocks as ROMs want them, twins that run."""

import re
import select
import shutil
import struct
import subprocess
import time
from io import BufferedReader
from pathlib import Path

import pytest
from cli.conftest import small_graph
from elftools.elf.elffile import ELFFile
from emulator.conftest import Build

from edgec.driver import BuildOptions, build, run_regression
from edgec.driver.output import open_output
from edgec.exporters.tflite import write_tflite
from edgec.firmware import protocol
from edgec.firmware.protocol import Request
from edgec.targets.board import Board, board_names, load_board
from edgec.targets.twin import twin_of

pytestmark = pytest.mark.qemu

KWS = Path(__file__).parents[3] / "shared/models/mlperf_tiny/kws_ref_model.tflite"
TOO_SMALL = ("stm32vldiscovery", "microbit")  # 8 and 16 KB of RAM
HOMES = {
    ".text": "text",
    ".edgec_weights": "weights",
    ".edgec_stack": "stack",
    ".data": "data",
    ".bss": "data",
    ".edgec_arena": "arena",
}


def check_sections(elf: Path, board: Board) -> None:
    """Every section in its region, and all that is loaded in some region."""
    with elf.open("rb") as file:
        opened = ELFFile(file)
        sections = {each.name: each for each in opened.iter_sections()}
        loaded = [
            (each["p_paddr"], each["p_filesz"]) for each in opened.iter_segments(type="PT_LOAD")
        ]
    for name, content in HOMES.items():
        start, size = sections[name]["sh_addr"], sections[name]["sh_size"]
        region = board.region_of(content)
        assert region.origin <= start <= start + size <= region.end, name
    for start, size in loaded:
        assert any(each.origin <= start <= start + size <= each.end for each in board.memory)


def build_and_test(model: Path, name: str, folder: Path) -> None:
    build(BuildOptions(model=str(model), board=name, output=str(folder)))
    board = load_board(name)
    twin = twin_of(board)
    assert twin is not None
    check_sections(folder / "firmware.elf", board)
    if twin is not board:
        check_sections(folder / "twin.elf", twin)
        assert twin.ram_bytes <= board.ram_bytes
    result = run_regression(folder)
    assert (result.samples, result.mismatches) == (20, 0)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("name", [each for each in board_names() if each not in TOO_SMALL])
def test_kws_on_every_board(name: str, tmp_path: Path) -> None:
    build_and_test(KWS, name, tmp_path / "out")


@pytest.mark.parametrize("name", [*TOO_SMALL, "nucleo-h743zi2"])
def test_a_small_model(name: str, tmp_path: Path) -> None:
    (tmp_path / "small.tflite").write_bytes(write_tflite(small_graph()))
    build_and_test(tmp_path / "small.tflite", name, tmp_path / "out")
    assert open_output(tmp_path / "out").board.id == name


def test_the_twin_has_the_limits_of_its_board() -> None:
    board = load_board("nucleo-g0b1re")
    twin = twin_of(board)
    assert twin is not None
    assert (twin.id, twin.cpu) == ("qemu-m0", "cortex-m0plus")
    assert (twin.flash_bytes, twin.ram_bytes) == (board.flash_bytes, board.ram_bytes)
    assert twin_of(load_board("stm32")) == load_board("stm32")


def text_of(elf: Path) -> bytes:
    with elf.open("rb") as file:
        return bytes(ELFFile(file).get_section_by_name(".text").data())


def crc32_most_significant_first(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc >> 31 else crc << 1) & 0xFFFFFFFF
    return crc


def test_rp2040_boot_stage(fake_image: Build, tmp_path: Path) -> None:
    text = text_of(fake_image("rpi-pico").elf)
    assert crc32_most_significant_first(text[:252]) == struct.unpack("<I", text[252:256])[0]
    stack, entry = struct.unpack("<II", text[256:264])
    assert 0x20000000 < stack <= 0x20042000
    assert entry & 1 == 1
    assert 0x10000100 < entry < 0x10200000
    (tmp_path / "stage.bin").write_bytes(text[:44])
    command = ["arm-none-eabi-objdump", "-D", "-b", "binary", "-marm", "-Mforce-thumb"]
    listed = subprocess.run(
        [*command, str(tmp_path / "stage.bin")], capture_output=True, text=True, check=True
    ).stdout
    assert re.findall(r"\t(?:str|msr|bx|ldmia)\S*\t.*", listed) == [
        "\tstr\tr1, [r3, #8]",
        "\tstr\tr1, [r3, #20]",
        "\tstr\tr1, [r3, #0]",
        "\tstr\tr1, [r3, #4]",
        "\tstr\tr1, [r0, #0]",
        "\tstr\tr1, [r3, #8]",
        "\tstr\tr0, [r1, #0]",
        "\tldmia\tr0!, {r1, r2}",
        "\tmsr\tMSP, r1",
        "\tbx\tr2",
    ]


def test_rp2350_image_definition(fake_image: Build) -> None:
    text = text_of(fake_image("rpi-pico2").elf)
    block = struct.pack("<5I", 0xFFFFDED3, 0x10210142, 0x1FF, 0, 0xAB123579)
    assert text.find(block) % 4 == 0
    assert text.find(block) < 4096 - len(block)


def test_imxrt_boot_header(fake_image: Build) -> None:
    text = text_of(fake_image("mimxrt1062").elf)
    assert text[:4] == b"FCFB"
    tag, entry, _, _, data, itself = struct.unpack("<6I", text[0x1000:0x1018])
    assert (tag, entry, data, itself) == (0x402000D1, 0x60002000, 0x60001020, 0x60001000)
    stack, reset = struct.unpack("<II", text[0x2000:0x2008])
    assert 0x20000000 < stack <= 0x20020000
    assert 0x60002000 < reset < 0x60800000


def test_gdb_loads_the_firmware_at_its_addresses(fake_image: Build, tmp_path: Path) -> None:
    """What a debug probe does: write the ELF through a gdb stub, reset, and hear it answer."""
    if shutil.which("gdb-multiarch") is None:
        pytest.skip("gdb-multiarch not found: apt install gdb-multiarch")
    command = ["qemu-system-arm", "-M", "netduinoplus2", "-nodefaults", "-display", "none"]
    command += ["-S", "-gdb", f"unix:{tmp_path}/gdb,server=on,wait=off"]
    command += ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as qemu:
        try:
            steps = (f"target remote {tmp_path}/gdb", "load", "monitor system_reset", "detach")
            gdb = ["gdb-multiarch", "-nx", "-batch", str(fake_image("stm32f405").elf)]
            gdb += [part for step in steps for part in ("-ex", step)]
            done = subprocess.run(gdb, capture_output=True, text=True, timeout=60, check=True)
            assert "Loading section .edgec_weights, size 0x10 lma 0x80" in done.stdout
            assert answers(qemu)
        finally:
            qemu.kill()


def answers(process: "subprocess.Popen[bytes]") -> bool:
    assert process.stdin is not None
    assert isinstance(process.stdout, BufferedReader)
    heard = b""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        process.stdin.write(b"\0" + protocol.encode(Request.DESCRIBE, 1, b""))
        process.stdin.flush()
        if select.select([process.stdout], [], [], 0.5)[0]:
            heard += process.stdout.read1(4096)
        for frame in heard.split(b"\0"):
            try:
                if protocol.decode(frame).answers(Request.DESCRIBE):
                    return True
            except protocol.BadFrameError:
                continue
    return False
