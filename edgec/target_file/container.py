"""The layout of the file: a head, a description in JSON, and the bytes of the constants.

Head: the eight bytes of :data:`MAGIC`, then little endian u32 version, u32 bytes of the
description. The constants follow it at the next multiple of 16, each at a multiple from there.
"""

import json
import struct
from dataclasses import dataclass
from typing import Any

SUFFIX = ".edgec"
MAGIC = b"\x8dEDGEC\r\n"
VERSION = 1
"""What this edgec writes, and all that it reads."""

_HEAD = struct.Struct("<8sII")
ALIGNMENT = 16


class DamagedFileError(Exception):
    """A file that is not what the format says; the message says where."""


class OtherVersionError(Exception):
    """A file of another version of the format; the argument is its number."""


@dataclass(frozen=True, slots=True)
class Container:
    """A description, and one block of bytes that it refers to by offset and size."""

    description: dict[str, Any]
    data: bytes

    def to_bytes(self) -> bytes:
        """Return the file."""
        text = json.dumps(self.description, separators=(",", ":")).encode()
        head = _HEAD.pack(MAGIC, VERSION, len(text)) + text
        return head + bytes(-len(head) % ALIGNMENT) + self.data

    @classmethod
    def of_bytes(cls, raw: bytes) -> "Container":
        """Read a file; :class:`DamagedFileError`, :class:`OtherVersionError`."""
        if len(raw) < _HEAD.size or raw[: len(MAGIC)] != MAGIC:
            message = "it does not begin like one"
            raise DamagedFileError(message)
        _, version, size = _HEAD.unpack_from(raw)
        if version != VERSION:
            raise OtherVersionError(version)
        end = _HEAD.size + size
        if end > len(raw):
            message = f"its description has {size} bytes, the file ends before"
            raise DamagedFileError(message)
        try:
            description = json.loads(raw[_HEAD.size : end])
        except (ValueError, RecursionError) as error:
            message = f"its description is no JSON: {error}"
            raise DamagedFileError(message) from None
        if not isinstance(description, dict):
            message = "its description is no table"
            raise DamagedFileError(message)
        return cls(description, raw[end + -end % ALIGNMENT :])

    def part(self, offset: int, size: int) -> bytes:
        """Return bytes of the block."""
        if offset < 0 or size < 0 or offset + size > len(self.data):
            message = f"bytes {offset} to {offset + size} of {len(self.data)} are asked for"
            raise DamagedFileError(message)
        return self.data[offset : offset + size]
