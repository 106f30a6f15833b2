"""A firmware in QEMU: start, talk, count, stop; the process never outlives its session."""

import contextlib
import re
import select
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from edgec.errors import EdgecError
from edgec.firmware.children import conversation
from edgec.firmware.client import RunnerClient
from edgec.firmware.counting import InstructionClock
from edgec.firmware.protocol import CALIBRATION_CALLS, Description, SelfTest, watch
from edgec.firmware.sizes import function_at, symbol_address
from edgec.firmware.toolchain import cannot_start, find_tool
from edgec.firmware.transport import PipeTransport
from edgec.targets.architecture import Architecture
from edgec.targets.board import Board
from edgec.targets.board import Emulator as EmulatorSpec

_SEMIHOSTING = "semihosting"
_GRACE = 2.0


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run of the model: output bytes per tensor, ticks, instructions where they are exact."""

    outputs: list[bytes]
    ticks: int
    instructions: int | None


@dataclass(frozen=True, slots=True)
class NodeCost:
    """One node of the last run."""

    ticks: int
    instructions: int | None


class Session:
    """A conversation with a running firmware. Without a clock there are ticks only."""

    def __init__(self, client: RunnerClient, clock: InstructionClock | None = None) -> None:
        self._client = client
        self._clock = clock
        self._last_start = 0

    def describe(self) -> Description:
        """Return what the firmware says of itself."""
        return self._client.describe()

    def run(self, inputs: Sequence[bytes]) -> RunResult:
        """Run the model once on one bytes object per input.

        Counts are of the model alone: what measuring and the node hooks cost is taken off.
        """
        raw = self._client.run(inputs)
        self._last_start = raw.status.start
        cost = self._cost(raw.status.start, raw.status.end)
        about = self.describe()
        empty = self._cost(0, about.empty_run_ticks)
        hooks = self._hook(about.node_count)
        return RunResult(
            raw.outputs,
            cost.ticks - empty.ticks - hooks.ticks,
            _minus(cost.instructions, empty.instructions, hooks.instructions),
        )

    def profile(self) -> list[NodeCost]:
        """Return the cost of each node of the last run, without the hooks."""
        marks = self._client.marks()
        hook = self._hook(1)
        costs: list[NodeCost] = []
        before = NodeCost(0, 0)
        for mark in marks:
            upto = self._cost(self._last_start, mark)
            counted = _minus(upto.instructions, before.instructions, hook.instructions)
            costs.append(NodeCost(upto.ticks - before.ticks - hook.ticks, counted))
            before = upto
        return costs

    def crc_after(self, inputs: Sequence[bytes], node: int, part: tuple[int, int]) -> int:
        """Run the model; return the CRC-32 of a part of the arena (offset, size) after a node."""
        raw = self._client.run(inputs, watch(node, *part))
        return raw.status.watched_crc or 0

    def self_test(self) -> SelfTest:
        """Have the firmware check its weights and one run."""
        return self._client.self_test()

    def select(self, model: int) -> None:
        """Turn to another model of a firmware that has several, by its number."""
        self._client.select(model)

    def reset(self) -> None:
        """Clear the state of a streaming model."""
        self._client.reset()

    def _cost(self, start: int, end: int) -> NodeCost:
        clock = self._clock
        return NodeCost(end - start, clock.instructions(start, end) if clock else None)

    def _hook(self, count: int) -> NodeCost:
        """Return the cost of ``count`` calls of the node hook."""
        calls = self._cost(0, self.describe().node_hook_ticks)
        exact = calls.instructions
        return NodeCost(
            calls.ticks * count // CALIBRATION_CALLS,
            None if exact is None else exact * count // CALIBRATION_CALLS,
        )


class Emulator:
    """QEMU with a firmware: ``with Emulator(board, elf) as session: session.run([...])``.

    ``timeout`` (s) bounds the wait for one answer, so for one run of the model. ``log_to`` is a
    file descriptor that QEMU writes to which blocks of code it translates and runs; ``debugger`` is
    a socket for its gdb stub: the firmware waits for what comes from there.
    """

    def __init__(
        self,
        board: Board,
        elf: Path,
        *,
        timeout: float = 60.0,
        log_to: int | None = None,
        debugger: socket.socket | None = None,
    ) -> None:
        self._board = board
        self._elf = elf
        self._timeout = timeout
        self._log_to = log_to
        self._debugger = debugger
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Session:
        spec = _spec(self._board)
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(tempfile.TemporaryFile())
            monitor, remote = socket.socketpair()
            stack.callback(monitor.close)
            stack.callback(remote.close)
            transport = PipeTransport(*stack.enter_context(self._started(spec, remote, log)))
            stack.callback(transport.close)
            client = self._client(transport, monitor)
            try:
                client.describe()
            except EdgecError as error:
                raise _with_log(error, log) from None
            self._stack = stack.pop_all()
        ticks = self._board.architecture.ticks
        return Session(client, InstructionClock(spec.tick_hz, spec.icount_shift, ticks))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @contextlib.contextmanager
    def _started(
        self, spec: EmulatorSpec, remote: socket.socket, log: IO[bytes]
    ) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        passed = [remote.fileno()]
        passed += [] if self._log_to is None else [self._log_to]
        passed += [] if self._debugger is None else [self._debugger.fileno()]
        command = self._command(spec, remote.fileno())
        with contextlib.ExitStack() as stack:
            try:
                pipes = stack.enter_context(conversation(command, passed=passed, log=log))
            except OSError as error:
                raise cannot_start(command, error) from None
            remote.close()
            yield pipes

    def _client(self, transport: PipeTransport, monitor: socket.socket) -> RunnerClient:
        architecture = self._board.architecture

        def where() -> str:
            address = _program_counter(monitor, architecture)
            if address is None:
                return ""
            finished = _word(monitor, symbol_address(self._elf, "nodes_finished", architecture))
            after = "" if finished is None else f", after {finished} nodes of the model"
            return _place(self._elf, address, architecture) + after

        return RunnerClient(
            transport,
            timeout=self._timeout,
            explain_address=lambda address: function_at(self._elf, address, architecture),
            explain_silence=where,
        )

    def _command(self, spec: EmulatorSpec, monitor_fd: int) -> list[str]:
        architecture = self._board.architecture
        return [
            str(find_tool(architecture.emulator(spec.program))),
            *("-M", spec.machine, "-nodefaults", "-display", "none"),
            *architecture.emulator_flags,
            *("-icount", f"shift={spec.icount_shift}"),
            *("-chardev", f"socket,id=monitor,fd={monitor_fd}", "-mon", "chardev=monitor"),
            *_console(self._board),
            *_logging(self._log_to),
            *_debugging(self._debugger),
            *("-kernel", str(self._elf)),
        ]


def _console(board: Board) -> tuple[str, ...]:
    """QEMU's standard input and output become the console of the board."""
    if board.console.driver == _SEMIHOSTING:
        return ("-semihosting-config", "enable=on,target=native")
    return ("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console")


def _logging(descriptor: int | None) -> tuple[str, ...]:
    """Let QEMU log every block of code it translates or runs; unchained, none is left out."""
    if descriptor is None:
        return ()
    return ("-d", "in_asm,exec,nochain", "-D", f"/dev/fd/{descriptor}")


def _spec(board: Board) -> EmulatorSpec:
    if board.emulator is None:
        raise no_emulator(board)
    return board.emulator


def no_emulator(board: Board) -> EdgecError:
    """Return the error for a board that nothing emulates."""
    return EdgecError(
        "no-emulator",
        f"QEMU has no machine for {board.id}, and its file names no twin",
        help="name a twin with the same core in the board's file, for instance twin = "
        '"qemu-m4", and build again; or run on this machine: --on host',
    )


def _debugging(debugger: socket.socket | None) -> tuple[str, ...]:
    """Return what has QEMU listen to a debugger, and wait for it: else a run may be over before."""
    if debugger is None:
        return ()
    chardev = f"socket,id=debugger,fd={debugger.fileno()}"
    return ("-S", "-chardev", chardev, "-gdb", "chardev:debugger")


def _with_log(error: EdgecError, log: IO[bytes]) -> EdgecError:
    """Add what QEMU said; a firmware that never answered may be QEMU's refusal to start."""
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines()
    return EdgecError(
        error.code,
        error.message,
        place=error.place,
        help=error.help,
        notes=(*error.notes, *(f"qemu: {line}" for line in said[-5:])),
        exit_code=error.exit_code,
    )


def _program_counter(monitor: socket.socket, architecture: Architecture) -> int | None:
    """Ask QEMU's monitor where the core is; None when it cannot say."""
    found = _ask(monitor, b"info registers", architecture.program_counter)
    return None if found is None else int(found, 16)


def _word(monitor: socket.socket, address: int | None) -> int | None:
    """Ask QEMU's monitor for 32 bits of memory; None when it cannot say."""
    if address is None:
        return None
    found = _ask(monitor, b"x/1xw 0x%x" % address, rb"[0-9a-f]{8}: 0x([0-9a-f]{8})")
    return None if found is None else int(found, 16)


def _ask(monitor: socket.socket, command: bytes, answer: bytes) -> bytes | None:
    text = b""
    deadline = time.monotonic() + _GRACE
    with contextlib.suppress(OSError):
        monitor.sendall(command + b"\n")
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([monitor], [], [], left)
            text += monitor.recv(65_536) if ready else b""
            found = re.search(answer, text)
            if found is not None:
                return found[1]
    return None


def _place(elf: Path, address: int, architecture: Architecture) -> str:
    function = function_at(elf, address, architecture)
    return f"pc 0x{address:08x}" + (f" in {function}" if function else "")


def _minus(value: int | None, *others: int | None) -> int | None:
    known = [each for each in others if each is not None]
    return None if value is None or len(known) != len(others) else value - sum(known)
