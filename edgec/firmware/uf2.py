"""UF2: a firmware as 512-byte blocks that a boot loader takes as a file on its own disk."""

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from edgec.firmware.sizes import open_elf

PAGE_BYTES = 256
_MAGICS = (0x0A324655, 0x9E5D5157)
_LAST_MAGIC = 0x0AB16F30
_HAS_FAMILY = 0x2000


def uf2_image(elf: Path, family: int) -> bytes:
    """Return the loaded contents of ``elf`` as UF2 blocks for chips of ``family``."""
    pages = _pages(load_segments(elf))
    blocks = (
        _block(number, len(pages), address, pages[address], family)
        for number, address in enumerate(sorted(pages))
    )
    return b"".join(blocks)


def load_segments(elf: Path) -> list[tuple[int, bytes]]:
    """Return what a loader writes: physical address and content of each segment."""
    with open_elf(elf) as file:
        segments = file.iter_segments(type="PT_LOAD")
        return [(int(each["p_paddr"]), each.data()) for each in segments if each["p_filesz"]]


def _pages(segments: Iterable[tuple[int, bytes]]) -> Mapping[int, bytes]:
    """Cut segments into aligned pages; what nothing fills reads as erased flash."""
    pages: dict[int, bytearray] = {}
    for start, data in segments:
        for offset, value in enumerate(data):
            at = start + offset
            page = pages.setdefault(at & ~(PAGE_BYTES - 1), bytearray(b"\xff" * PAGE_BYTES))
            page[at % PAGE_BYTES] = value
    return {address: bytes(page) for address, page in pages.items()}


def _block(number: int, count: int, address: int, page: bytes, family: int) -> bytes:
    head = struct.pack("<8I", *_MAGICS, _HAS_FAMILY, address, PAGE_BYTES, number, count, family)
    return head + page.ljust(476, b"\0") + struct.pack("<I", _LAST_MAGIC)
