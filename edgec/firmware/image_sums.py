"""The CRCs that a firmware's self-test compares flash with: weights, and all else."""

import zlib
from pathlib import Path

from edgec.codegen.firmware import ImageSums
from edgec.firmware.sizes import WEIGHTS_SECTION, open_elf, section_data, symbol_values

_PARTS = (
    ("edgec_text_start", "edgec_code_end"),
    ("edgec_unwind_start", "edgec_unwind_end"),
    ("edgec_data_load", "edgec_data_load_end"),
)
"""What templates/firmware/main.c.j2 names as code: symbols of the linker script, in this order."""


def image_sums(elf: Path) -> ImageSums:
    """Return the CRCs of a linked firmware, as runtime_c/runner/self_test.c computes them."""
    code = 0
    for start, end in code_ranges(elf):
        code = zlib.crc32(loaded(elf, start, end), code)
    return ImageSums(zlib.crc32(section_data(elf, WEIGHTS_SECTION)), code)


def code_ranges(elf: Path) -> list[tuple[int, int]]:
    """Return the addresses in flash, ends excluded, of all that is neither weights nor a CRC."""
    addresses = symbol_values(elf, {name for part in _PARTS for name in part})
    return [(addresses[start], addresses[end]) for start, end in _PARTS]


def loaded(elf: Path, start: int, end: int) -> bytes:
    """Return what a programmer writes to these addresses; zeros where it writes nothing."""
    found = bytearray(end - start)
    with open_elf(elf) as file:
        for segment in file.iter_segments("PT_LOAD"):
            at, data = int(segment["p_paddr"]), segment.data()
            first, last = max(start, at), min(end, at + len(data))
            if first < last:
                found[first - start : last - start] = data[first - at : last - at]
    return bytes(found)
