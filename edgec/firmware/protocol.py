"""Frames and messages of the runner protocol, version 1; mirrors runtime_c/runner/protocol.h.

A message is ``type, sequence, payload, CRC-32`` (little endian), COBS-encoded and ended by a zero
byte; the firmware never needs more than one buffer of 254 bytes for it. An answer has the type of
its request plus 0x80 and a result as first byte of its payload. Nothing here does any I/O.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

VERSION = 1
MESSAGE_BYTES = 252
CHUNK_BYTES = 240
MARKS_PER_MESSAGE = CHUNK_BYTES // 8
SIZES_PER_MESSAGE = CHUNK_BYTES // 4
CALIBRATION_CALLS = 8
_ANSWER = 0x80
_COBS_BLOCK = 254
_WEIGHTS_OK, _RAN, _OUTPUTS_OK, _CHECKED, _CODE_CHECKED, _CODE_OK = 1, 2, 4, 8, 16, 32
_SELF_TEST = "<BIIQ"  # verdict, CRC of weights, CRC of outputs, ticks


class Request(IntEnum):
    """What the host may ask."""

    DESCRIBE = 1
    WRITE_INPUT = 2
    RUN = 3
    READ_OUTPUT = 4
    READ_PROFILE = 5
    RESET = 6
    BYE = 7
    READ_SIZES = 8
    SELF_TEST = 9
    SELECT = 10


class Notice(IntEnum):
    """What the firmware says unasked."""

    BAD_FRAME = 0xFE
    FAULT = 0xFF


class Result(IntEnum):
    """First byte of an answer."""

    OK = 0
    ARGUMENT = 1
    UNKNOWN = 2


class TickSource(IntEnum):
    """Which counter gave the ticks."""

    SYSTICK = 1
    DWT = 2


class BadFrameError(ValueError):
    """A frame is damaged: its encoding or its CRC is wrong."""


class BadMessageError(ValueError):
    """A whole, undamaged message has an impossible content."""


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded frame."""

    kind: int
    sequence: int
    payload: bytes

    def answers(self, request: Request) -> bool:
        """Whether this is an answer to a request of that type."""
        return self.kind == request | _ANSWER


@dataclass(frozen=True, slots=True)
class Description:
    """What a firmware says of itself. Sizes in bytes; ticks are of ``clock_hz`` on silicon.

    ``empty_run_ticks`` is the cost of measuring a run of nothing, ``node_hook_ticks`` the cost of
    :data:`CALIBRATION_CALLS` calls of the hook after each node.
    """

    tick_source: TickSource
    node_count: int
    clock_hz: int
    arena_bytes: int
    empty_run_ticks: int
    node_hook_ticks: int
    model_hash: bytes
    input_count: int
    output_count: int
    input_bytes: tuple[int, ...] = ()
    output_bytes: tuple[int, ...] = ()

    def with_sizes(self, sizes: tuple[int, ...]) -> "Description":
        """Return this with the sizes of all tensors, inputs first."""
        inputs, outputs = sizes[: self.input_count], sizes[self.input_count :]
        return replace(self, input_bytes=inputs, output_bytes=outputs)


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Answer to a run: status code and node of the model, ticks, CRC over the inputs as seen.

    ``watched_crc`` is of the part of the arena that the request named, right after its node.
    """

    code: int
    node: int
    start: int
    end: int
    input_crc: int
    watched_crc: int | None = None


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Result of a self-test.

    ``outputs_ok`` is None where no run was made, ``ticks`` are of it; ``code_ok`` where code is not
    compared: an image that somebody has built with changes of his own says so.
    """

    weights_ok: bool
    outputs_ok: bool | None
    code_ok: bool | None
    weights_crc: int
    output_crc: int
    code_crc: int
    ticks: int

    @property
    def passed(self) -> bool:
        """Whether nothing was found wrong."""
        return self.weights_ok and self.outputs_ok is not False and self.code_ok is not False


@dataclass(frozen=True, slots=True)
class Fault:
    """Last words: exception number (0: the model did not start, ``pc`` is its status code)."""

    cause: int
    pc: int
    lr: int
    status: int
    nodes_finished: int


def cobs_encode(data: bytes) -> bytes:
    """Encode so that no zero byte is left; the delimiter is not added."""
    encoded = bytearray()
    for run in data.split(b"\0"):
        rest = run
        while len(rest) >= _COBS_BLOCK:
            encoded += b"\xff" + rest[:_COBS_BLOCK]
            rest = rest[_COBS_BLOCK:]
        encoded.append(len(rest) + 1)
        encoded += rest
    return bytes(encoded)


def cobs_decode(frame: bytes) -> bytes:
    """Undo :func:`cobs_encode`. Raises :class:`BadFrameError`."""
    decoded = bytearray()
    at = 0
    while at < len(frame):
        code = frame[at]
        end = at + code
        if code == 0 or end > len(frame):
            raise BadFrameError("a COBS code points behind the frame")
        decoded += frame[at + 1 : end]
        if code <= _COBS_BLOCK and end < len(frame):
            decoded.append(0)
        at = end
    return bytes(decoded)


def encode(kind: int, sequence: int, payload: bytes) -> bytes:
    """Return a whole frame, delimiter included."""
    body = bytes((kind, sequence)) + payload
    message = body + struct.pack("<I", zlib.crc32(body))
    if len(message) > MESSAGE_BYTES:
        raise ValueError("message too long: " + str(len(message)))
    return cobs_encode(message) + b"\0"


def decode(frame: bytes) -> Message:
    """Return the message in a frame without its delimiter. Raises :class:`BadFrameError`."""
    message = cobs_decode(frame)
    body, crc = message[:-4], message[-4:]
    if len(body) < 2 or struct.pack("<I", zlib.crc32(body)) != crc:  # noqa: PLR2004 - header
        raise BadFrameError("the CRC of a frame is wrong")
    return Message(body[0], body[1], body[2:])


class FrameSplitter:
    """Cuts a stream of bytes into frames; keeps what is incomplete, bounded."""

    _LIMIT = 4 * MESSAGE_BYTES

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the frames completed by ``data``, without delimiters; empty ones are dropped."""
        *frames, rest = (self._rest + data).split(b"\0")
        self._rest = rest[-self._LIMIT :]
        yield from filter(None, frames)


def select(model: int) -> bytes:
    """Return the payload that selects one of several models, by its number."""
    return struct.pack("<H", model)


def write_input(tensor: int, offset: int, data: bytes) -> bytes:
    """Return the payload of a WRITE_INPUT."""
    return struct.pack("<HI", tensor, offset) + data


def read_output(tensor: int, offset: int, size: int) -> bytes:
    """Return the payload of a READ_OUTPUT."""
    return struct.pack("<HIB", tensor, offset, size)


def watch(node: int, offset: int, size: int) -> bytes:
    """Return the payload of a RUN that looks at a part of the arena right after a node."""
    return struct.pack("<HII", node, offset, size)


def read_range(first: int, count: int) -> bytes:
    """Return the payload of a READ_PROFILE or READ_SIZES."""
    return struct.pack("<HB", first, count)


def parse_description(data: bytes) -> Description:
    """Read the answer to DESCRIBE. Raises :class:`BadMessageError`, also for another version."""
    if data[:1] != bytes((VERSION,)):
        raise BadMessageError(f"the firmware speaks protocol {data[:1].hex()}, not {VERSION}")
    head = struct.Struct("<BBHHHIIII8s")
    if len(data) != head.size:
        raise BadMessageError("the description has a wrong size")
    _, source, inputs, outputs, nodes, clock, arena, empty, hook, name = head.unpack(data)
    if source not in set(TickSource):
        raise BadMessageError(f"there is no tick source {source}")
    return Description(TickSource(source), nodes, clock, arena, empty, hook, name, inputs, outputs)


def parse_run(data: bytes) -> RunStatus:
    """Read the answer to RUN. Raises :class:`BadMessageError`."""
    layout = "<BiQQI"
    has_watched = len(data) == struct.calcsize(layout + "I")
    return RunStatus(*_unpack(layout + "I" if has_watched else layout, data))


def parse_self_test(data: bytes) -> SelfTest:
    """Read the answer to SELF_TEST. Raises :class:`BadMessageError`."""
    before = struct.calcsize(_SELF_TEST)  # firmware of edgec before it looked at code
    code_crc = 0 if len(data) == before else _unpack(f"{_SELF_TEST}I", data)[-1]
    verdict, weights_crc, output_crc, ticks = _unpack(_SELF_TEST, data[:before])
    if not verdict & _CHECKED:
        raise BadMessageError("the firmware has no self-test")
    outputs_ok = bool(verdict & _OUTPUTS_OK) if verdict & _RAN else None
    code_ok = bool(verdict & _CODE_OK) if verdict & _CODE_CHECKED else None
    weights_ok = bool(verdict & _WEIGHTS_OK)
    return SelfTest(weights_ok, outputs_ok, code_ok, weights_crc, output_crc, code_crc, ticks)


def parse_fault(data: bytes) -> Fault:
    """Read a FAULT notice. Raises :class:`BadMessageError`."""
    return Fault(*_unpack("<IIIIi", data))


def parse_marks(data: bytes) -> tuple[int, ...]:
    """Read the answer to READ_PROFILE. Raises :class:`BadMessageError`."""
    return _unpack(f"<{len(data) // 8}Q", data)


def parse_sizes(data: bytes) -> tuple[int, ...]:
    """Read the answer to READ_SIZES. Raises :class:`BadMessageError`."""
    return _unpack(f"<{len(data) // 4}I", data)


def _unpack(layout: str, data: bytes) -> tuple[int, ...]:
    if struct.calcsize(layout) != len(data):
        raise BadMessageError(f"a message has {len(data)} bytes, not {struct.calcsize(layout)}")
    return struct.unpack(layout, data)
