"""The firmware of a board's twin: the same model code, linked for a machine that QEMU has."""

import shutil
from pathlib import Path

from edgec.codegen.firmware import FirmwareModel, firmware_tree
from edgec.firmware.image import FirmwareImage, build_firmware
from edgec.scratch import scratch_folder
from edgec.targets.board import Board

TWIN_ELF = "twin.elf"


def build_twin(
    out: Path, model: FirmwareModel, twin: Board, output_crc: int | None = None
) -> FirmwareImage:
    """Build the sources in ``out/<name>`` for ``twin``; only ``out/twin.elf`` is left there."""
    with scratch_folder("twin") as shop:
        (shop / model.name).symlink_to((out / model.name).resolve(), target_is_directory=True)
        firmware_tree(twin, model).write(shop / "firmware")
        image = build_firmware(shop, model.name, twin, output_crc=output_crc)
        shutil.copyfile(image.elf, out / TWIN_ELF)
    return FirmwareImage(out / TWIN_ELF, image.sizes, image.stack)
