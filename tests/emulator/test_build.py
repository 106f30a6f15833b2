"""Builds: reproducible, warning-free, measured, and refused with a reason."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from emulator.conftest import LARGE, Build, write_fake

from edgec.codegen.firmware import build_recipe
from edgec.errors import EdgecError, ExitCode
from edgec.firmware.image import build_firmware
from edgec.firmware.sizes import function_at
from edgec.targets.board import board_names, load_board

pytestmark = pytest.mark.qemu

IMAGES = ("firmware.elf", "firmware.bin", "firmware.hex", "firmware.map")


@pytest.mark.parametrize("name", ["qemu-m0", "qemu-m55", "stm32f405", "rpi-pico"])
def test_same_bytes_in_any_folder(name: str, tmp_path: Path) -> None:
    board = load_board(name)
    folders = [tmp_path / "one", tmp_path / "a much longer name" / "two"]
    for out in folders:
        write_fake(out, board)
        build_firmware(out, "fake", board)
    for image in IMAGES:
        first, second = ((out / image).read_bytes() for out in folders)
        assert first == second
        assert str(tmp_path).encode() not in first
        assert b"/usr" not in first
        assert b"/tmp" not in first
    assert {path.name for path in folders[0].iterdir()} == {*IMAGES, "firmware", "fake"}
    assert not list(folders[0].rglob("*.o"))


@pytest.mark.parametrize("name", ["qemu-m0", "qemu-m55", "stm32f405"])
def test_make_gives_the_same_firmware(name: str, tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make not found: apt install make")
    write_fake(tmp_path, load_board(name))
    build_firmware(tmp_path, "fake", load_board(name))
    before = {image: (tmp_path / image).read_bytes() for image in IMAGES[:3]}
    for image in IMAGES:
        (tmp_path / image).unlink()
    subprocess.run(["make", "-j2"], cwd=tmp_path / "firmware", check=True, capture_output=True)
    assert {image: (tmp_path / image).read_bytes() for image in IMAGES[:3]} == before


@pytest.mark.parametrize("name", board_names())
def test_no_warnings(name: str, tmp_path: Path) -> None:
    write_fake(tmp_path, load_board(name))
    recipe = build_recipe(load_board(name), "fake")
    for path in sorted((tmp_path / "firmware").rglob("*.c")):
        source = path.relative_to(tmp_path).as_posix()
        flags = [*recipe.compile_flags(source), "-Werror", "-Wstrict-prototypes"]
        command = ["arm-none-eabi-gcc", *flags, "-c", source, "-o", "/dev/null"]
        subprocess.run(command, cwd=tmp_path, check=True)


@pytest.mark.parametrize("name", LARGE)
def test_every_section_lies_in_its_region(name: str, fake_image: Build) -> None:
    board = load_board(name)
    homes = {
        ".text": "text",
        ".edgec_weights": "weights",
        ".edgec_stack": "stack",
        ".data": "data",
        ".bss": "data",
        ".edgec_arena": "arena",
    }
    with fake_image(name).elf.open("rb") as file:
        sections = {each.name: each for each in ELFFile(file).iter_sections()}
    for section, content in homes.items():
        start, size = sections[section]["sh_addr"], sections[section]["sh_size"]
        region = board.region_of(content)
        assert size > 0
        assert region.origin <= start
        assert start + size <= region.end


def test_sizes(fake_image: Build) -> None:
    image = fake_image("stm32f405")
    sizes = image.sizes
    assert sizes.weights_bytes == 16
    assert sizes.arena_bytes == 32_768
    assert sizes.data_bytes == 8
    assert 1000 < sizes.code_bytes < 8000
    assert sizes.flash_total_bytes == (image.elf.parent / "firmware.bin").stat().st_size
    assert 200 < sizes.static_ram_bytes < 1000
    assert image.stack.bytes <= sizes.stack_reserved_bytes <= image.stack.bytes + 192
    assert "fake_run" in image.stack.chain


def test_functions_by_address(fake_image: Build) -> None:
    elf, architecture = fake_image("qemu-m4").elf, load_board("qemu-m4").architecture
    with elf.open("rb") as file:
        (symbol,) = ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name("fake_run")
        start = symbol["st_value"] & ~1
    assert function_at(elf, start, architecture) == "fake_run"
    assert function_at(elf, start + 10, architecture) == "fake_run"
    assert function_at(elf, 0xF0000000, architecture) == ""


def test_too_large_for_ram_and_flash(tmp_path: Path) -> None:
    board = load_board("stm32f405")
    flash, sram = board.memory
    small = replace(board, memory=(replace(flash, size=2048), replace(sram, size=16_384)))
    write_fake(tmp_path, small)
    with pytest.raises(EdgecError) as caught:
        build_firmware(tmp_path, "fake", small)
    problems = {each.place.inside: each for each in caught.value.problems()}
    assert set(problems) == {"flash", "sram"}
    assert all(each.code == "does-not-fit" for each in problems.values())
    assert {each.exit_code for each in problems.values()} == {ExitCode.MISMATCH}
    assert re.search(r"sram is [\d,]+ bytes too small", problems["sram"].message)
    assert not (tmp_path / "firmware.elf").exists()


def test_the_shortfall_is_exact(tmp_path: Path, fake_image: Build) -> None:
    needed = fake_image("stm32f405").sizes.ram_total_bytes
    board = load_board("stm32f405")
    flash, sram = board.memory
    small = replace(board, memory=(flash, replace(sram, size=needed - 1000)))
    write_fake(tmp_path, small)
    with pytest.raises(EdgecError) as caught:
        build_firmware(tmp_path, "fake", small)
    missing = int(re.findall(r"is ([\d,]+) bytes", caught.value.message)[0].replace(",", ""))
    assert 1000 <= missing <= 1024


def test_a_stack_too_small_is_refused(tmp_path: Path) -> None:
    write_fake(tmp_path, load_board("qemu-m4"))
    with pytest.raises(EdgecError, match="100 are reserved") as caught:
        build_firmware(tmp_path, "fake", load_board("qemu-m4"), stack_bytes=100)
    assert caught.value.code == "stack-too-small"
    assert "fake_run" in caught.value.notes[0]


def test_a_stack_as_asked(tmp_path: Path) -> None:
    write_fake(tmp_path, load_board("qemu-m4"))
    image = build_firmware(tmp_path, "fake", load_board("qemu-m4"), stack_bytes=8192)
    assert image.sizes.stack_reserved_bytes == 8192


def test_code_that_does_not_compile(tmp_path: Path) -> None:
    write_fake(tmp_path, load_board("qemu-m4"), lambda text: text + b"\nint broken(\n")
    with pytest.raises(EdgecError) as caught:
        build_firmware(tmp_path, "fake", load_board("qemu-m4"))
    assert (caught.value.code, caught.value.exit_code) == ("tool-failed", ExitCode.TOOL)
    assert any("fake.c" in note for note in caught.value.notes)


def test_a_recursion_is_refused(tmp_path: Path) -> None:
    loop = b"\nvoid fake_reset(fake_t *model)\n{\n    model->runs++;\n    fake_reset(model);\n"
    write_fake(
        tmp_path,
        load_board("qemu-m4"),
        lambda text: text.replace(
            b"\nvoid fake_reset(fake_t *model)\n{\n",
            loop.replace(b"fake_reset(model);", b"if (fake_run(model).node == 0) {\n    }")
            + b"    ",
        ).replace(b"    model->runs++;\n    memset", b"    fake_reset(model);\n    memset"),
    )
    with pytest.raises(EdgecError) as caught:
        build_firmware(tmp_path, "fake", load_board("qemu-m4"))
    assert caught.value.code == "recursive-call"
