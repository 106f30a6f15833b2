"""Firmware in QEMU: right outputs, exact and repeatable counts, clear ends."""

import random
import re
import subprocess
import time
from pathlib import Path

import pytest
from emulator.conftest import EMULATED, INPUT_BYTES, Build, expected_sums

from edgec.errors import EdgecError, ExitCode
from edgec.firmware.emulate import Emulator
from edgec.firmware.protocol import TickSource
from edgec.targets.board import load_board

pytestmark = pytest.mark.qemu

WORK, FAIL, HANG, JUMP, OVERFLOW = (bytes([command, 0, 0, 0]) for command in range(5))
ZEROS = bytes(INPUT_BYTES)


@pytest.mark.parametrize("name", EMULATED)
def test_outputs_and_counts(name: str, fake_image: Build) -> None:
    data = random.Random(name).randbytes(INPUT_BYTES)
    with Emulator(load_board(name), fake_image(name).elf) as session:
        about = session.describe()
        first = session.run([data, WORK])
        costs = session.profile()
        second = session.run([ZEROS, WORK])
        again = session.profile()
        session.reset()
        third = session.run([data, WORK])
    assert about.input_bytes == (INPUT_BYTES, 4)
    assert about.output_bytes == (1000, 8)
    assert about.model_hash.hex() == "0123456789abcdef"
    assert (about.node_count, about.arena_bytes) == (4, 32768)
    assert about.tick_source is TickSource.SYSTICK
    assert about.clock_hz == load_board(name).clock_hz
    assert first.outputs == [expected_sums(data), bytes([1]) + bytes(7)]
    assert second.outputs == [expected_sums(ZEROS), bytes([2]) + bytes(7)]
    assert third.outputs == first.outputs
    assert first.instructions == second.instructions == third.instructions
    assert first.ticks == second.ticks
    assert costs == again


@pytest.mark.parametrize("name", EMULATED)
def test_a_loop_of_known_length_counts_exactly(name: str, fake_image: Build) -> None:
    with Emulator(load_board(name), fake_image(name).elf) as session:
        total = session.run([ZEROS, WORK]).instructions
        nodes = [cost.instructions for cost in session.profile()]
    assert total is not None
    sums, short, long, middle = (count or 0 for count in nodes)
    # 1,000 turns of three instructions, and nothing else between the two hooks.
    assert short == 3 * 1000 + 0
    # 2,000,000 turns cross at least one tick interrupt; the command's comparisons come on top.
    assert 0 <= long - 3 * 2_000_000 <= 12
    assert 0 <= middle - 3 * 2000 <= 2
    assert 0 <= total - (sums + short + long + middle) <= 150


def test_two_starts_count_the_same(fake_image: Build) -> None:
    results = []
    for _ in range(2):
        with Emulator(load_board("qemu-m4"), fake_image("qemu-m4").elf) as session:
            results.append((session.run([ZEROS, WORK]), session.profile()))
    assert results[0] == results[1]


@pytest.mark.parametrize("name", EMULATED)
def test_a_fault_is_reported_with_its_place(name: str, fake_image: Build) -> None:
    with (
        Emulator(load_board(name), fake_image(name).elf) as session,
        pytest.raises(EdgecError) as caught,
    ):
        session.run([ZEROS, JUMP])
    assert (caught.value.code, caught.value.exit_code) == ("firmware-fault", ExitCode.TOOL)
    assert re.search(r"pc 0xf000000\d", caught.value.message)
    assert "after 2 nodes" in caught.value.message


@pytest.mark.parametrize("name", ["qemu-m33", "qemu-m55"])
def test_the_stack_limit_of_armv8_stops_an_overflow(name: str, fake_image: Build) -> None:
    with (
        Emulator(load_board(name), fake_image(name).elf) as session,
        pytest.raises(EdgecError) as caught,
    ):
        session.run([ZEROS, OVERFLOW])
    assert caught.value.code == "firmware-fault"


@pytest.mark.parametrize("name", ["qemu-m0", "stm32f405"])
def test_a_hang_ends_within_the_time_out_and_says_where(name: str, fake_image: Build) -> None:
    began = time.monotonic()
    with (
        Emulator(load_board(name), fake_image(name).elf, timeout=3) as session,
        pytest.raises(EdgecError) as caught,
    ):
        session.run([ZEROS, HANG])
    assert time.monotonic() - began < 20
    assert (caught.value.code, caught.value.exit_code) == ("firmware-timeout", ExitCode.TOOL)
    assert "in fake_run" in caught.value.message


def test_a_node_that_fails(fake_image: Build) -> None:
    with Emulator(load_board("qemu-m4"), fake_image("qemu-m4").elf) as session:
        with pytest.raises(EdgecError, match="status 4 at node 2") as caught:
            session.run([ZEROS, FAIL])
        assert session.run([ZEROS, WORK]).outputs[0] == expected_sums(ZEROS)
    assert caught.value.exit_code == ExitCode.MISMATCH


def test_no_process_is_left(fake_image: Build) -> None:
    elf = fake_image("qemu-m4").elf
    with Emulator(load_board("qemu-m4"), elf):
        assert str(elf) in processes()
    assert str(elf) not in processes()


def test_no_process_is_left_after_an_exception(fake_image: Build) -> None:
    elf = fake_image("qemu-m4").elf
    with pytest.raises(RuntimeError, match="mine"), Emulator(load_board("qemu-m4"), elf):
        raise RuntimeError("mine")
    assert str(elf) not in processes()


def processes() -> str:
    return subprocess.run(
        ["ps", "-ewwo", "args"], capture_output=True, text=True, check=True
    ).stdout


def test_qemu_that_refuses(tmp_path: Path) -> None:
    elf = tmp_path / "no.elf"
    elf.write_text("not an ELF")
    with pytest.raises(EdgecError) as caught, Emulator(load_board("qemu-m4"), elf, timeout=5):
        pass
    assert caught.value.code in {"firmware-closed", "firmware-timeout", "firmware-fault"}
    assert caught.value.exit_code == ExitCode.TOOL


def test_many_samples_in_one_start(fake_image: Build) -> None:
    generator = random.Random(1)
    samples = [generator.randbytes(INPUT_BYTES) for _ in range(50)]
    began = time.monotonic()
    with Emulator(load_board("qemu-m3"), fake_image("qemu-m3").elf) as session:
        for sample in samples:
            assert session.run([sample, WORK]).outputs[0] == expected_sums(sample)
    assert time.monotonic() - began < 20
