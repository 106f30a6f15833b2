"""A board at a serial port, played by QEMU with its UART on a pseudo-terminal."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cli.conftest import Cli
from cli.test_errors import check_error
from elftools.elf.elffile import ELFFile

from edgec.firmware.sizes import symbol_address
from edgec.targets.arm_cortex_m import ARM_CORTEX_M

pytest.importorskip("serial")
pytestmark = pytest.mark.qemu


class Line:
    """QEMU with a firmware; ``port`` is its UART."""

    def __init__(self, elf: Path) -> None:
        command = ["qemu-system-arm", "-M", "netduinoplus2", "-nodefaults", "-display", "none"]
        command += ["-icount", "shift=4", "-serial", "pty", "-kernel", str(elf)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        self.port = re.findall(r"/dev/\S+", self.process.stdout.readline())[0]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def line(built: Path) -> Iterator[Line]:
    made = Line(built / "firmware.elf")
    yield made
    made.close()


def test_test_and_run(cli: Cli, built: Path, line: Line, tmp_path: Path) -> None:
    ended = cli("test", built, "--on", f"serial:{line.port}", "--json")
    assert (ended.code, ended.json["mismatches"]) == (0, 0)
    results: list[dict[str, bytes]] = []
    for place in (f"serial:{line.port}", "emulator"):
        target = tmp_path / f"{len(results)}.npz"
        assert cli("run", built, "--on", place, "--output", target).code == 0
        with np.load(target) as arrays:
            results.append({name: arrays[name].tobytes() for name in arrays})
    assert results[0] == results[1]


def tool(folder: Path) -> str:
    path = folder / "openocd"
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    return str(path)


def test_flash_waits_for_the_self_test(
    cli: Cli, built: Path, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEC_OPENOCD", tool(tmp_path))
    ended = cli("flash", built, "--tool", "openocd", "--port", line.port)
    assert ended.code == 0
    assert re.search(r"self-test: PASS, [\d,]+ cycles", ended.out)


def test_a_flipped_bit_fails_the_self_test(
    cli: Cli, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEC_OPENOCD", tool(tmp_path))
    elf = tmp_path / "firmware.elf"
    shutil.copyfile(built / "firmware.elf", elf)
    flip_weight(elf)
    line = Line(elf)
    try:
        command = ("flash", built, "--tool", "openocd", "--port", line.port, "--json")
        check_error(cli(*command), "self-test-failed", 4)
    finally:
        line.close()


def flip_weight(elf: Path) -> None:
    """Flip the lowest bit of the first weight in the ELF."""
    with elf.open("rb") as file:
        at = ELFFile(file).get_section_by_name(".edgec_weights")["sh_offset"]
    data = bytearray(elf.read_bytes())
    data[at] ^= 1
    elf.write_bytes(data)


def test_weights_are_checked_where_outputs_are_right(cli: Cli, built: Path, tmp_path: Path) -> None:
    """Change what the weights are compared with, so that only the comparison can notice."""
    folder = tmp_path / "out"
    shutil.copytree(built, folder)
    elf = folder / "firmware.elf"
    address = symbol_address(elf, "edgec_self_test", ARM_CORTEX_M)
    assert address is not None
    with elf.open("rb") as file:
        (at,) = ELFFile(file).address_offsets(address)
    data = bytearray(elf.read_bytes())
    data[at] ^= 1
    elf.write_bytes(data)
    check_error(cli("test", folder, "--json"), "self-test-failed", 4)


def test_another_model_on_the_board(cli: Cli, built: Path, line: Line, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(built, folder)
    report = (folder / "report.json").read_text()
    hashed = re.sub(r'"sha256": "[0-9a-f]{8}', '"sha256": "00000000', report)
    (folder / "report.json").write_text(hashed)
    ended = cli("run", folder, "--on", f"serial:{line.port}", "--json")
    check_error(ended, "other-firmware", 3)


def test_no_port(cli: Cli, built: Path, tmp_path: Path) -> None:
    ended = cli("run", built, "--on", f"serial:{tmp_path / 'none'}", "--json")
    check_error(ended, "no-serial-port", 3)
    check_error(cli("run", built, "--on", "serial:", "--json"), "invalid-option", 2)


def test_the_line_for_a_person(line: Line) -> None:
    import serial  # noqa: PLC0415 - skipped above where it is missing

    with serial.Serial(line.port, timeout=1) as port:
        said = b""
        deadline = time.monotonic() + 10
        while b"ticks" not in said and time.monotonic() < deadline:
            said += port.read(200)
    if said:  # a pseudo-terminal drops what comes before somebody listens
        assert b"self-test: PASS, code right" in said
