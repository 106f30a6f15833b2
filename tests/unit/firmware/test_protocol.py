"""Framing and messages: what goes in comes out; what is damaged is noticed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.firmware import protocol
from edgec.firmware.protocol import BadFrameError, BadMessageError, FrameSplitter

PAYLOADS = st.binary(max_size=protocol.MESSAGE_BYTES - 6)


@given(st.binary(max_size=2000))
def test_cobs_round_trip(data: bytes) -> None:
    encoded = protocol.cobs_encode(data)
    assert 0 not in encoded
    assert protocol.cobs_decode(encoded) == data
    assert len(encoded) <= len(data) + 1 + len(data) // 254


@pytest.mark.parametrize(
    ("data", "encoded"),
    [
        (b"", b"\x01"),
        (b"\0", b"\x01\x01"),
        (b"\x11\x22\x00\x33", b"\x03\x11\x22\x02\x33"),
        (bytes(range(1, 255)), b"\xff" + bytes(range(1, 255)) + b"\x01"),
        (b"\x01" * 253, b"\xfe" + b"\x01" * 253),
    ],
)
def test_cobs_as_published(data: bytes, encoded: bytes) -> None:
    assert protocol.cobs_encode(data) == encoded
    assert protocol.cobs_decode(encoded) == data


@given(st.integers(0, 255), st.integers(0, 255), PAYLOADS)
def test_message_round_trip(kind: int, sequence: int, payload: bytes) -> None:
    frame = protocol.encode(kind, sequence, payload)
    assert frame.count(0) == 1
    assert frame.endswith(b"\0")
    assert protocol.decode(frame[:-1]) == protocol.Message(kind, sequence, payload)


@given(PAYLOADS)
def test_a_longest_message_is_one_cobs_block(payload: bytes) -> None:
    # The firmware encodes and decodes in place and knows no 0xFF block.
    assert 0xFF not in protocol.encode(1, 1, payload)[:1]
    assert len(protocol.encode(1, 1, payload)) <= protocol.MESSAGE_BYTES + 2


def test_a_message_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        protocol.encode(1, 1, bytes(protocol.MESSAGE_BYTES - 5))


@given(PAYLOADS, st.integers(0), st.integers(1, 255))
def test_a_damaged_byte_is_noticed(payload: bytes, at: int, change: int) -> None:
    frame = bytearray(protocol.encode(2, 3, payload)[:-1])
    frame[at % len(frame)] ^= change
    with pytest.raises(BadFrameError):
        protocol.decode(bytes(frame))


@given(st.binary(max_size=300))
def test_garbage_never_does_more_than_raise(data: bytes) -> None:
    for frame in FrameSplitter().feed(data):
        with pytest.raises(BadFrameError):
            protocol.decode(frame)


@given(st.lists(PAYLOADS, max_size=5), st.lists(st.integers(1, 40), min_size=1))
def test_frames_survive_any_cutting(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(protocol.encode(1, 0, payload) for payload in payloads)
    splitter, found, at = FrameSplitter(), [], 0
    while at < len(stream):
        size = cuts[at % len(cuts)]
        found += list(splitter.feed(stream[at : at + size]))
        at += size
    assert [protocol.decode(frame).payload for frame in found] == payloads


def test_a_line_without_end_stays_bounded() -> None:
    splitter = FrameSplitter()
    for _ in range(100):
        assert list(splitter.feed(b"\x55" * 10_000)) == []
    (damaged, whole) = splitter.feed(b"\0" + protocol.encode(1, 2, b"x"))
    assert len(damaged) < 2000
    assert protocol.decode(whole).payload == b"x"


@given(st.binary(max_size=60))
def test_parsers_refuse_what_they_do_not_know(data: bytes) -> None:
    for parse in (protocol.parse_description, protocol.parse_run, protocol.parse_fault):
        with contextlib.suppress(BadMessageError):
            parse(data)


def test_another_version_is_named() -> None:
    with pytest.raises(BadMessageError, match="protocol 02"):
        protocol.parse_description(bytes([2]) + bytes(40))
