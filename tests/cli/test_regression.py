"""edgec test on firmware that is wrong: a changed weight, a hang, a fault; and JUnit for CI."""

import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from cli.conftest import small_graph
from cli.test_serial_board import Line
from elftools.elf.elffile import ELFFile

from edgec.driver import open_output
from edgec.driver.compile.golden import golden_of
from edgec.driver.run.first_layer import first_different_layer
from edgec.errors import EdgecError
from edgec.firmware.emulate import Emulator
from edgec.firmware.sizes import symbol_address
from edgec.targets.arm_cortex_m import ARM_CORTEX_M

pytestmark = pytest.mark.qemu

HANG = b"\xfe\xe7"  # b .
FAULT = b"\x00\xde"  # udf

Patched = Callable[[Callable[[bytearray, Path], None]], Path]


@pytest.fixture
def patched(built: Path, tmp_path: Path) -> Patched:
    """Return a function that copies the build and changes the copy's firmware."""

    def patch(edit: Callable[[bytearray, Path], None]) -> Path:
        folder = tmp_path / "patched"
        shutil.copytree(built, folder)
        elf = folder / "firmware.elf"
        data = bytearray(elf.read_bytes())
        edit(data, elf)
        elf.write_bytes(data)
        return folder

    return patch


def flip_weight(data: bytearray, elf: Path) -> None:
    matrix = next(value for name, value in small_graph().constants.items() if name == "matrix")
    at = bytes(data).find(matrix.tobytes())
    assert at > 0
    data[at + 7] ^= 0x40


def replace_kernel(code: bytes) -> Callable[[bytearray, Path], None]:
    def edit(data: bytearray, elf: Path) -> None:
        address = symbol_address(elf, "arm_fully_connected_s8", ARM_CORTEX_M)
        assert address is not None
        with elf.open("rb") as file:
            (at,) = ELFFile(file).address_offsets(address)
        data[at : at + 2] = code

    return edit


def test_changed_weight_is_found_and_its_layer_named(
    cli: Any, patched: Patched, tmp_path: Path
) -> None:
    folder = patched(flip_weight)
    xml = tmp_path / "report.xml"
    ended = cli("test", folder, "--layers", "--junit", xml, "--json")
    assert ended.code == 4
    result = ended.json
    assert result["mismatches"] > 0
    assert result["first"]["output"] == "scores"
    assert (result["layer"]["number"], result["layer"]["name"]) == (1, "dense")
    assert result["layer"]["kernel"] == "arm_fully_connected_s8"
    assert result["layer"]["expected"] != result["layer"]["actual"]
    suite = ET.parse(xml).getroot()[0]
    assert int(suite.get("tests", "")) == result["samples"] == len(suite)
    assert int(suite.get("failures", "")) == result["mismatches"]
    failures = list(suite.iter("failure"))
    assert len(failures) == result["mismatches"]
    assert "'dense'" in (failures[0].text or "")
    text = cli("test", folder, "--layers")
    assert "the first layer that differs is 'dense'" in text.out


def test_a_board_names_the_layer_by_checksums(cli: Any, patched: Patched) -> None:
    pytest.importorskip("serial")
    folder = patched(flip_weight)
    line = Line(folder / "firmware.elf")
    try:
        ended = cli("test", folder, "--on", f"serial:{line.port}", "--layers")
    finally:
        line.close()
    assert ended.code == 4
    assert "the first layer that differs is 'dense'" in ended.out


def test_right_firmware_has_no_wrong_layer(cli: Any, built: Path, tmp_path: Path) -> None:
    opened = open_output(built)
    inputs, _ = golden_of(opened)
    assert first_different_layer(opened, inputs[0]) is None
    xml = tmp_path / "report.xml"
    ended = cli("test", built, "--layers", "--junit", xml, "--json")
    assert (ended.code, ended.json["layer"]) == (0, None)
    assert ET.parse(xml).getroot()[0].get("failures") == "0"


def test_hang_ends_in_time_with_place_and_layer(cli: Any, patched: Patched) -> None:
    folder = patched(replace_kernel(HANG))
    start = time.monotonic()
    ended = cli("test", folder, "--timeout", "3")
    assert time.monotonic() - start < 30
    assert ended.code == 3
    assert "error[firmware-timeout]" in ended.err
    assert "arm_fully_connected_s8" in ended.err
    assert "pc 0x" in ended.err
    assert "in layer 'dense'" in ended.err


def test_fault_names_place_and_layer(cli: Any, patched: Patched) -> None:
    ended = cli("test", patched(replace_kernel(FAULT)))
    assert ended.code == 3
    assert "error[firmware-fault]" in ended.err
    assert "arm_fully_connected_s8" in ended.err
    assert "in layer 'dense'" in ended.err


def test_odd_data_and_labels_are_warned_about(cli: Any, built: Path, tmp_path: Path) -> None:
    data = tmp_path / "odd.npz"
    pixels = np.random.default_rng(0).uniform(-1e4, 1e4, (8, 8, 8, 1)).astype(np.float32)
    np.savez(data, image=pixels, label=np.full(8, 99))
    clipped, beyond = cli("test", built, "--data", data, "--json").json["warnings"]
    assert "of 'image' is clipped" in clipped
    assert beyond.startswith("labels go from 99 to 99, the model's classes from 0 to")
    assert "of 'image' is clipped" in cli("run", built, "--input", data).err


def test_layers_are_not_seen_on_the_host(cli: Any, built: Path) -> None:
    ended = cli("test", built, "--layers", "--on", "host")
    assert ended.code == 2
    assert "error[invalid-option]" in ended.err


def test_unwritable_junit_file(cli: Any, built: Path, tmp_path: Path) -> None:
    ended = cli("test", built, "--junit", tmp_path / "missing" / "report.xml")
    assert ended.code == 1
    assert "error[unwritable-output]" in ended.err


def test_firmware_waits_for_what_looks_into_it(built: Path) -> None:
    """Where a debugger is to come, nothing runs before it says so, however late it is."""
    mine, theirs = socket.socketpair()
    emulator = Emulator(*open_output(built).emulated, timeout=1, debugger=theirs)
    with mine, theirs, pytest.raises(EdgecError, match="answer"), emulator:
        pass
