"""The fake model, built once per board and test run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgec.codegen.firmware import FirmwareModel, firmware_tree
from edgec.codegen.source_tree import SourceTree
from edgec.firmware.image import FirmwareImage, build_firmware
from edgec.resources import data_folder
from edgec.targets.board import Board, board_names, load_board

FAKE = Path(__file__).parent / "fake"
INPUT_BYTES = 27_648
LARGE = [name for name in board_names() if load_board(name).ram_bytes > 2 * INPUT_BYTES]
EMULATED = [name for name in LARGE if load_board(name).emulator is not None]

Build = Callable[[str], FirmwareImage]


def write_fake(out: Path, board: Board, edit: Callable[[bytes], bytes] = lambda text: text) -> None:
    """Write OUT's sources for the fake model, its C file changed by ``edit``."""
    library = {path.name: path.read_bytes() for path in FAKE.iterdir()}
    library["fake.c"] = edit(library["fake.c"])
    header = data_folder("runtime_c") / "include" / "edgec" / "edgec.h"
    library["kernels/edgec/edgec.h"] = header.read_bytes()
    firmware = firmware_tree(board, FirmwareModel("fake", 2, 2)).under("firmware")
    firmware.merge(SourceTree(library).under("fake")).write(out)


@pytest.fixture(scope="session")
def fake_image(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return a function: board id -> the fake model's firmware."""
    built: dict[str, FirmwareImage] = {}

    def build(name: str) -> FirmwareImage:
        if name not in built:
            out = tmp_path_factory.mktemp(name)
            write_fake(out, load_board(name))
            built[name] = build_firmware(out, "fake", load_board(name))
        return built[name]

    return build


def expected_sums(data: bytes) -> bytes:
    """Return what the fake model computes, from its definition."""
    weights = (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3)
    return bytes((data[i] + data[-1 - i] + weights[i % 16]) % 256 for i in range(1000))
