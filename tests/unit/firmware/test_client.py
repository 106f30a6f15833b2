"""The client against a runner written in Python, on lines that are good, lossy, dead or mad."""

import struct
import zlib
from collections.abc import Callable

import pytest

from edgec.errors import EdgecError, ExitCode
from edgec.firmware import protocol
from edgec.firmware.client import RunnerClient
from edgec.firmware.protocol import FrameSplitter, Notice, Request
from edgec.firmware.transport import TransportClosedError

DESCRIPTION = struct.pack(
    "<BBHHHIIII8s", protocol.VERSION, 1, 1, 1, 40, 25_000_000, 64, 10, 80, b"12345678"
)
INPUT = bytes(range(256)) * 3


class EchoRunner:
    """A transport with a runner behind it: one input, one output, output = input reversed."""

    def __init__(self, *, lossless: bool = True) -> None:
        self.lossless = lossless
        self.received: list[int] = []
        self.tamper: Callable[[int, bytes], bytes] = lambda _, frame: frame
        self._splitter = FrameSplitter()
        self._memory = bytearray(len(INPUT))
        self._line = b""

    def write(self, data: bytes) -> None:
        for frame in self._splitter.feed(data):
            try:
                message = protocol.decode(frame)
            except protocol.BadFrameError:
                self._line += protocol.encode(Notice.BAD_FRAME, 0, b"")
                continue
            self.received.append(message.kind)
            answer = b"\0" + self._answer(message.kind, message.payload)
            reply = protocol.encode(message.kind | 0x80, message.sequence, answer)
            self._line += self.tamper(len(self.received), reply)

    def read(self, timeout: float) -> bytes:
        data, self._line = self._line[:100], self._line[100:]
        return data

    def close(self) -> None:
        pass

    def _answer(self, kind: int, payload: bytes) -> bytes:
        match kind:
            case Request.DESCRIBE:
                return DESCRIPTION
            case Request.READ_SIZES:
                return struct.pack("<II", len(INPUT), len(INPUT))
            case Request.WRITE_INPUT:
                _, offset = struct.unpack_from("<HI", payload)
                self._memory[offset : offset + len(payload) - 6] = payload[6:]
            case Request.RUN:
                return struct.pack("<BiQQI", 0, -1, 5, 500, zlib.crc32(self._memory))
            case Request.READ_OUTPUT:
                _, offset, size = struct.unpack("<HIB", payload)
                return bytes(self._memory[::-1][offset : offset + size])
            case Request.READ_PROFILE:
                first, count = struct.unpack("<HB", payload)
                return struct.pack(f"<{count}Q", *range(first, first + count))
        return b""


@pytest.mark.parametrize("lossless", [True, False])
def test_run(lossless: bool) -> None:
    client = RunnerClient(EchoRunner(lossless=lossless), timeout=1)
    run = client.run([INPUT])
    assert run.outputs == [INPUT[::-1]]
    assert (run.status.start, run.status.end) == (5, 500)
    assert client.marks() == list(range(40))
    client.reset()
    client.bye()


@pytest.mark.parametrize("lost", range(1, 10))
def test_a_lossy_line_is_asked_again(lost: int) -> None:
    runner = EchoRunner(lossless=False)
    runner.tamper = lambda number, frame: b"" if number == lost else frame
    client = RunnerClient(runner, timeout=0.2)
    is_run = lost == 7  # describe, sizes, four chunks, run
    if is_run:
        with pytest.raises(EdgecError, match="did not answer 'run'"):
            client.run([INPUT])
    else:
        assert client.run([INPUT]).outputs == [INPUT[::-1]]


def test_damaged_answers_are_asked_for_again() -> None:
    runner = EchoRunner(lossless=False)
    runner.tamper = lambda number, frame: frame[:-3] + b"\0" if number == 4 else frame
    assert RunnerClient(runner, timeout=0.05).run([INPUT]).outputs == [INPUT[::-1]]


def code_of(client: RunnerClient) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        client.run([INPUT])
    return caught.value


def test_silence() -> None:
    runner = EchoRunner()
    runner.tamper = lambda number, frame: b"" if number > 2 else frame
    client = RunnerClient(runner, timeout=0.02, explain_silence=lambda: "pc 0x1234 in spin")
    error = code_of(client)
    assert (error.code, error.exit_code) == ("firmware-timeout", ExitCode.TOOL)
    assert "it is at pc 0x1234 in spin" in error.message


def test_silence_from_the_start() -> None:
    runner = EchoRunner()
    runner.tamper = lambda _, __: b""
    assert code_of(RunnerClient(runner, timeout=0.1)).code == "firmware-timeout"
    assert set(runner.received) == {Request.DESCRIBE}
    assert len(runner.received) > 1


def test_fault() -> None:
    fault = protocol.encode(Notice.FAULT, 0, struct.pack("<IIIIi", 3, 0x1234, 0x77, 0x100, 2))
    runner = EchoRunner()
    runner.tamper = lambda number, frame: fault if number == 7 else frame
    error = code_of(RunnerClient(runner, timeout=1, explain_address=lambda _: "conv"))
    assert (error.code, error.exit_code) == ("firmware-fault", ExitCode.TOOL)
    assert "pc 0x00001234 in conv" in error.message
    assert "after 2 nodes" in error.message


def test_failed_start() -> None:
    fault = protocol.encode(Notice.FAULT, 0, struct.pack("<IIIIi", 0, 1, 0, 0, 0))
    runner = EchoRunner()
    runner.tamper = lambda _, __: fault
    assert "init returned status 1" in code_of(RunnerClient(runner, timeout=1)).message


class DeadLine(EchoRunner):
    def read(self, timeout: float) -> bytes:
        raise TransportClosedError


class DeafLine(EchoRunner):
    def write(self, data: bytes) -> None:
        raise TransportClosedError


@pytest.mark.parametrize("line", [DeadLine(), DeafLine()])
def test_closed_line(line: EchoRunner) -> None:
    error = code_of(RunnerClient(line, timeout=1))
    assert (error.code, error.exit_code) == ("firmware-closed", ExitCode.TOOL)


def replaced(kind: Request, payload: bytes) -> EdgecError:
    runner = EchoRunner()

    def tamper(_: int, frame: bytes) -> bytes:
        message = protocol.decode(frame[:-1])
        if not message.answers(kind):
            return frame
        return protocol.encode(message.kind, message.sequence, payload)

    runner.tamper = tamper
    return code_of(RunnerClient(runner, timeout=1))


@pytest.mark.parametrize(
    ("kind", "payload", "message"),
    [
        (Request.DESCRIBE, b"\0\x02" + DESCRIPTION[1:], "speaks protocol 02"),
        (Request.DESCRIBE, b"\0" + DESCRIPTION[:-1], "wrong size"),
        (Request.DESCRIBE, b"", "refused 'describe' (-1)"),
        (Request.WRITE_INPUT, b"\x01", "refused 'write_input' (1)"),
        (Request.READ_OUTPUT, b"\0short", "an output has"),
        (Request.RUN, b"\0" + struct.pack("<BiQQI", 0, -1, 0, 0, 1), "arrived damaged"),
    ],
)
def test_wrong_answers(kind: Request, payload: bytes, message: str) -> None:
    error = replaced(kind, payload)
    assert error.code == "protocol-error"
    assert message in error.message


def test_failed_model() -> None:
    status = struct.pack("<BiQQI", 4, 7, 0, 0, zlib.crc32(INPUT))
    error = replaced(Request.RUN, b"\0" + status)
    assert (error.code, error.exit_code) == ("model-failed", ExitCode.MISMATCH)
    assert "status 4 at node 7" in error.message


def test_wrong_input_size() -> None:
    with pytest.raises(EdgecError, match=r"\(3,\) bytes, the firmware takes \(768,\)"):
        RunnerClient(EchoRunner(), timeout=1).run([b"abc"])
