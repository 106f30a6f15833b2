"""The generated folder: the same every time, and nothing of this machine in it."""

from pathlib import Path

import pytest

from edgec.codegen.firmware import FirmwareModel, firmware_tree
from edgec.targets.board import board_names, load_board

MODEL = FirmwareModel("kws", 2, 1)


@pytest.mark.parametrize("name", board_names())
def test_same_inputs_same_bytes(name: str) -> None:
    one, other = (firmware_tree(load_board(name), MODEL) for _ in range(2))
    assert one.digest() == other.digest()
    everything = b"".join(one.files.values())
    assert str(Path(__file__).parents[3]).encode() not in everything
    assert str(Path.home()).encode() + b"/" not in everything


@pytest.mark.parametrize("name", board_names())
def test_every_region_is_in_the_linker_script(name: str) -> None:
    board = load_board(name)
    script = firmware_tree(board, MODEL).files["linker.ld"].decode()
    for region in board.memory:
        line = f"{region.name} : ORIGIN = 0x{region.origin:08X}, LENGTH = 0x{region.size:X}\n"
        assert line in script


def test_main_binds_every_tensor() -> None:
    main = firmware_tree(load_board("qemu-m4"), MODEL).files["main.c"].decode()
    for macro in ("KWS_INPUT_0_BYTES", "KWS_INPUT_1_BYTES", "KWS_OUTPUT_0_BYTES"):
        assert macro in main
    assert '#include "kws.h"' in main


def test_only_the_boards_driver_is_copied() -> None:
    files = set(firmware_tree(load_board("stm32"), MODEL).files)
    ports = {path for path in files if path.startswith("port/")}
    assert ports == {"port/startup.c", "port/ticks.c", "port/registers.h", "port/usart_stm32.c"}
