"""The host's side of the runner protocol: one client for QEMU, a serial port, or a socket."""

import itertools
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from edgec.errors import EdgecError, ExitCode
from edgec.firmware import protocol
from edgec.firmware.protocol import Message, Notice, Request, Result
from edgec.firmware.transport import Transport, TransportClosedError

T = TypeVar("T")

_WINDOW = 32
_ATTEMPTS = 3
_FIRST_PATIENCE = 0.05
_REPEATABLE = {
    Request.DESCRIBE,
    Request.WRITE_INPUT,
    Request.READ_OUTPUT,
    Request.READ_PROFILE,
    Request.READ_SIZES,
    Request.RESET,
    Request.SELECT,
    Request.SELF_TEST,
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request to send."""

    request: Request
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class RawRun:
    """One run: output bytes per tensor, and what the firmware said of it."""

    outputs: list[bytes]
    status: protocol.RunStatus


class RunnerClient:
    """Speaks to a runner. ``timeout`` (s) bounds the silence before an answer.

    ``explain_address`` turns a fault's address into a function name; ``explain_silence`` may say
    where a firmware hangs. Raises ``firmware-timeout``, ``firmware-fault``, ``firmware-closed``,
    ``protocol-error`` and ``model-failed``, all with exit code 3 but the last (4).
    """

    def __init__(
        self,
        transport: Transport,
        *,
        timeout: float = 60.0,
        explain_address: Callable[[int], str] = lambda _: "",
        explain_silence: Callable[[], str] = lambda: "",
    ) -> None:
        self._transport = transport
        self._timeout = timeout
        self._explain_address = explain_address
        self._explain_silence = explain_silence
        self._splitter = protocol.FrameSplitter()
        self._arrived: deque[bytes] = deque()
        self._sequence = itertools.cycle(range(256))
        self._description: protocol.Description | None = None

    def describe(self) -> protocol.Description:
        """Return what the firmware says of itself; asked until it has started and answers."""
        if self._description is None:
            short = _parsed(protocol.parse_description, self._greet())
            count = short.input_count + short.output_count
            sizes = self._read(Request.READ_SIZES, count, protocol.SIZES_PER_MESSAGE)
            lists = [_parsed(protocol.parse_sizes, data) for data in sizes]
            self._description = short.with_sizes(tuple(itertools.chain(*lists)))
        return self._description

    def run(self, inputs: Sequence[bytes], watch: bytes = b"") -> RawRun:
        """Write the inputs, run, read the outputs. One bytes object per input, exact size.

        ``watch`` comes from :func:`protocol.watch`.
        """
        description = self.describe()
        _check_sizes(inputs, description.input_bytes)
        writes = list(_write_calls(inputs))
        reads = list(_read_calls(description.output_bytes))
        answers = self.exchange([*writes, Call(Request.RUN, watch), *reads])
        status = _parsed(protocol.parse_run, answers[len(writes)])
        _check_run(status, inputs)
        chunks = iter(answers[len(writes) + 1 :])
        outputs = [_collect(chunks, size) for size in description.output_bytes]
        return RawRun(outputs, status)

    def marks(self) -> list[int]:
        """Return the ticks at the end of each node of the last run."""
        count = self.describe().node_count
        marks = self._read(Request.READ_PROFILE, count, protocol.MARKS_PER_MESSAGE)
        lists = [_parsed(protocol.parse_marks, data) for data in marks]
        return list(itertools.chain(*lists))

    def _read(self, request: Request, count: int, step: int) -> list[bytes]:
        """Read a list of ``count`` entries, ``step`` in a message."""
        ranges = ((first, min(step, count - first)) for first in range(0, count, step))
        return self.exchange([Call(request, protocol.read_range(*each)) for each in ranges])

    def self_test(self) -> protocol.SelfTest:
        """Have the firmware check its weights and one run."""
        (data,) = self.exchange([Call(Request.SELF_TEST)])
        return _parsed(protocol.parse_self_test, data)

    def select(self, model: int) -> None:
        """Have the firmware serve another of its models, by its number; 0 is the first."""
        self.exchange([Call(Request.SELECT, protocol.select(model))])
        self._description = None

    def reset(self) -> None:
        """Clear the state of a streaming model."""
        self.exchange([Call(Request.RESET)])

    def bye(self) -> None:
        """End the firmware's service."""
        self.exchange([Call(Request.BYE)])

    def exchange(self, calls: Sequence[Call]) -> list[bytes]:
        """Send all calls, pipelined where the transport allows; return the answers' data."""
        window = _WINDOW if self._transport.lossless else 1
        answers: list[bytes] = []
        waiting: deque[tuple[Call, int]] = deque()
        for call in calls:
            if len(waiting) == window:
                answers.append(self._finish(*waiting.popleft()))
            waiting.append((call, self._send(call)))
        answers += [self._finish(*each) for each in waiting]
        return answers

    def _greet(self) -> bytes:
        """Describe, again and again: a UART loses what arrives before the firmware listens."""
        call = Call(Request.DESCRIBE)
        deadline = time.monotonic() + self._timeout
        patience = _FIRST_PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            # An empty frame first: it ends whatever half a frame the line may hold.
            self._transport_write(b"\0")
            message = self._answer(call.request, self._send(call), min(patience, left))
            if message is not None:
                return _data(call, message)
            patience *= 2
        raise self._silence(call)

    def _send(self, call: Call) -> int:
        sequence = next(self._sequence)
        self._transport_write(protocol.encode(call.request, sequence, call.payload))
        return sequence

    def _finish(self, call: Call, sequence: int) -> bytes:
        """Return the answer's data; on a line that loses bytes, ask again where that is safe."""
        may_repeat = not self._transport.lossless and call.request in _REPEATABLE
        for _ in range(_ATTEMPTS - 1 if may_repeat else 0):
            message = self._answer(call.request, sequence, self._timeout / _ATTEMPTS)
            if message is not None:
                return _data(call, message)
            sequence = self._send(call)
        message = self._answer(call.request, sequence, self._timeout)
        if message is None:
            raise self._silence(call)
        return _data(call, message)

    def _answer(self, request: Request, sequence: int, timeout: float) -> Message | None:
        """Wait for one answer; None when time is up or the firmware saw a damaged frame."""
        deadline = time.monotonic() + timeout
        while (message := self._next_message(deadline)) is not None:
            if message.kind == Notice.FAULT:
                raise self._fault(_parsed(protocol.parse_fault, message.payload))
            if message.kind == Notice.BAD_FRAME and not self._transport.lossless:
                return None
            if message.answers(request) and message.sequence == sequence:
                return message
        return None

    def _next_message(self, deadline: float) -> Message | None:
        """Return the next undamaged message, or None after the deadline."""
        while True:
            while self._arrived:
                try:
                    return protocol.decode(self._arrived.popleft())
                except protocol.BadFrameError:
                    continue
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._arrived.extend(self._splitter.feed(self._transport_read(left)))

    def _transport_write(self, data: bytes) -> None:
        try:
            self._transport.write(data)
        except TransportClosedError:
            # The firmware may have said why before it went.
            self._answer(Request.BYE, -1, 1.0)
            raise _closed() from None

    def _transport_read(self, timeout: float) -> bytes:
        try:
            return self._transport.read(timeout)
        except TransportClosedError:
            raise _closed() from None

    def _silence(self, call: Call) -> EdgecError:
        where = self._explain_silence()
        return _tool_error(
            "firmware-timeout",
            f"the firmware did not answer '{call.request.name.lower()}' in {self._timeout:g} s"
            + (f"; it is at {where}" if where else ""),
            "a longer time-out helps if the model is just slow",
        )

    def _fault(self, fault: protocol.Fault) -> EdgecError:
        if fault.cause == 0:
            return _tool_error(
                "firmware-fault",
                f"the model did not start: its init returned status {fault.pc}",
                "this is a bug in edgec; please report it with the model",
            )
        function = self._explain_address(fault.pc)
        return _tool_error(
            "firmware-fault",
            f"the firmware faulted at pc 0x{fault.pc:08x}"
            + (f" in {function}" if function else "")
            + f" (exception {fault.cause}, fault status 0x{fault.status:08x}, "
            f"lr 0x{fault.lr:08x}) after {fault.nodes_finished} nodes of the model",
            "a stack overflow, a bad pointer, or a core without the instructions used",
        )


def _write_calls(inputs: Sequence[bytes]) -> Iterator[Call]:
    for tensor, data in enumerate(inputs):
        for at in range(0, len(data), protocol.CHUNK_BYTES):
            chunk = data[at : at + protocol.CHUNK_BYTES]
            yield Call(Request.WRITE_INPUT, protocol.write_input(tensor, at, chunk))


def _read_calls(sizes: Sequence[int]) -> Iterator[Call]:
    for tensor, size in enumerate(sizes):
        for at in range(0, size, protocol.CHUNK_BYTES):
            count = min(protocol.CHUNK_BYTES, size - at)
            yield Call(Request.READ_OUTPUT, protocol.read_output(tensor, at, count))


def _collect(chunks: Iterator[bytes], size: int) -> bytes:
    count = -(-size // protocol.CHUNK_BYTES)
    data = b"".join(itertools.islice(chunks, count))
    if len(data) != size:
        raise _protocol_error(f"an output has {len(data)} bytes, not {size}")
    return data


def _data(call: Call, message: Message) -> bytes:
    result = message.payload[0] if message.payload else -1
    if result != Result.OK:
        raise _protocol_error(f"the firmware refused '{call.request.name.lower()}' ({result})")
    return message.payload[1:]


def _check_sizes(inputs: Sequence[bytes], expected: Sequence[int]) -> None:
    sizes = tuple(len(data) for data in inputs)
    if sizes != tuple(expected):
        raise _protocol_error(f"the inputs have {sizes} bytes, the firmware takes {expected}")


def _check_run(status: protocol.RunStatus, inputs: Sequence[bytes]) -> None:
    if status.input_crc != zlib.crc32(b"".join(inputs)):
        raise _protocol_error("the inputs arrived damaged")
    if status.code != 0:
        raise EdgecError(
            "model-failed",
            f"the model's run returned status {status.code} at node {status.node}",
            help="this is a bug in edgec; please report it with the model",
            exit_code=ExitCode.MISMATCH,
        )


def _parsed(parse: Callable[[bytes], T], data: bytes) -> T:
    try:
        return parse(data)
    except protocol.BadMessageError as error:
        raise _protocol_error(str(error)) from None


def _protocol_error(message: str) -> EdgecError:
    return _tool_error(
        "protocol-error", message, "firmware and edgec must be of the same build: build again"
    )


def _closed() -> EdgecError:
    return _tool_error(
        "firmware-closed",
        "the connection to the firmware ended unexpectedly",
        "the emulator stopped or the board was unplugged; try again",
    )


def _tool_error(code: str, message: str, hint: str) -> EdgecError:
    return EdgecError(code, message, help=hint, exit_code=ExitCode.TOOL)
