"""The runner on this machine: it acts on undamaged frames alone, and says what it dropped."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from cli.conftest import small_graph
from lowering import target
from ops.case import random_array
from ops.runtimes import compile_graph

from edgec.firmware import protocol
from edgec.firmware.emulate import Session
from edgec.firmware.host import HostProcess
from edgec.firmware.protocol import FrameSplitter, Message, Notice, Request, Result
from edgec.ir import Graph, evaluate

pytestmark = pytest.mark.cc
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return small_graph()


@pytest.fixture(scope="module")
def session(graph: Graph) -> Iterator[Session]:
    tree, name = compile_graph(graph, target("host"), "portable")
    ports = (len(graph.inputs), len(graph.outputs))
    with HostProcess(tree, name, ports, flags=SANITIZERS) as opened:
        opened.describe()
        yield opened


def talk(session: Session, frame: bytes) -> list[Message]:
    """Send bytes and, behind them, a RESET: return all that comes up to its answer."""
    transport = session._client._transport
    transport.write(frame + protocol.encode(Request.RESET, 77, b""))
    splitter, heard = FrameSplitter(), []
    for _ in range(100):
        heard += [protocol.decode(each) for each in splitter.feed(transport.read(2.0))]
        if heard and heard[-1].answers(Request.RESET) and heard[-1].sequence == 77:
            return heard[:-1]
    raise AssertionError("no answer")


def encoded(message: bytes) -> bytes:
    return protocol.cobs_encode(message) + b"\0"


def whole(kind: int, payload: bytes) -> bytes:
    body = bytes((kind, 5)) + payload
    return body + struct.pack("<I", zlib.crc32(body))


def write(data: bytes) -> bytes:
    return whole(Request.WRITE_INPUT, protocol.write_input(0, 0, data))


def input_crc(session: Session) -> int:
    (answer,) = talk(session, encoded(whole(Request.RUN, b"")))
    return protocol.parse_run(answer.payload[1:]).input_crc


@pytest.mark.parametrize("bit", [0, 9, 20, 63, 70, 95, 103])
def test_a_flipped_bit_is_noticed_and_nothing_is_written(session: Session, bit: int) -> None:
    """The frame stays well formed: the CRC alone can tell."""
    tensor = bytes(range(session.describe().input_bytes[0]))
    (answer,) = talk(session, encoded(write(tensor)))
    assert answer.payload == bytes([Result.OK])
    message = bytearray(write(b"\x44\x55\x66"))
    message[bit // 8] ^= 1 << bit % 8
    assert [(each.kind, each.payload) for each in talk(session, encoded(bytes(message)))] == [
        (Notice.BAD_FRAME, b"")
    ]
    assert input_crc(session) == zlib.crc32(tensor)
    heard = talk(session, encoded(write(tensor)) + encoded(write(b"\x44\x55\x66")))
    assert [each.payload for each in heard] == [bytes([Result.OK])] * 2
    assert input_crc(session) == zlib.crc32(b"\x44\x55\x66" + tensor[3:])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_frame_too_short_for_its_crc_is_bad(session: Session, size: int) -> None:
    (answer,) = talk(session, encoded(b"\x07" * size))
    assert answer.kind == Notice.BAD_FRAME


def test_the_longest_message_is_taken_and_one_longer_is_bad(session: Session) -> None:
    room = protocol.MESSAGE_BYTES - 6
    (answer,) = talk(session, encoded(whole(Request.RESET, b"\x01" * room)))
    assert answer.answers(Request.RESET)
    heard = talk(session, encoded(whole(Request.RESET, b"\x01" * (room + 1))))
    assert not any(each.answers(Request.RESET) for each in heard)


def test_a_chunk_ends_where_the_tensor_does(session: Session) -> None:
    about = session.describe()
    size = about.input_bytes[0]
    for offset, length, result in (
        (size - 3, 3, Result.OK),
        (size - 3, 4, Result.ARGUMENT),
        (size, 0, Result.OK),
        (size, 1, Result.ARGUMENT),
        (2**32 - 1, 2, Result.ARGUMENT),
    ):
        payload = protocol.write_input(0, offset, b"\x01" * length)
        (answer,) = talk(session, encoded(whole(Request.WRITE_INPUT, payload)))
        assert answer.payload == bytes([result]), (offset, length)


@pytest.mark.parametrize("first", [0, 1])
def test_an_answer_has_as_many_sizes_as_were_asked(session: Session, first: int) -> None:
    about = session.describe()
    known = [*about.input_bytes, *about.output_bytes][first:]
    payload = protocol.read_range(first, len(known))
    (answer,) = talk(session, encoded(whole(Request.READ_SIZES, payload)))
    assert protocol.parse_sizes(answer.payload[1:]) == tuple(known)


def test_outputs_come_in_chunks_of_any_size(session: Session, graph: Graph) -> None:
    rng = np.random.default_rng(4)
    inputs = {name: random_array(rng, graph.types[name]) for name in graph.inputs}
    expected = evaluate(graph, inputs)[graph.outputs[0]].tobytes()
    session.run([inputs[name].tobytes() for name in graph.inputs])
    for size in range(1, min(len(expected), protocol.CHUNK_BYTES) + 1):
        request = protocol.read_output(0, len(expected) - size, size)
        (answer,) = talk(session, encoded(whole(Request.READ_OUTPUT, request)))
        assert answer.payload == bytes([Result.OK]) + expected[-size:]
