"""A board at a serial port: the transport over pyserial, and a session with its firmware."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edgec.errors import EdgecError, ExitCode
from edgec.firmware.client import RunnerClient
from edgec.firmware.emulate import Session
from edgec.firmware.transport import TransportClosedError

PREFIX = "serial:"


class SerialTransport:
    """A serial line. It has no flow control, so requests go out one at a time."""

    lossless = False
    _READ_BYTES = 4096

    def __init__(self, port: Any) -> None:
        self._port = port

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except OSError:
            raise TransportClosedError from None

    def read(self, timeout: float) -> bytes:
        try:
            self._port.timeout = timeout
            first = bytes(self._port.read(1))
            waiting = min(self._port.in_waiting, self._READ_BYTES) if first else 0
            return first + bytes(self._port.read(waiting))
        except (OSError, TypeError):
            raise TransportClosedError from None

    def close(self) -> None:
        self._port.close()


def open_serial(port: str, baud: int) -> SerialTransport:
    """Open a port such as ``/dev/ttyACM0`` or ``COM3``. Raises ``no-serial-port``."""
    try:
        import serial  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise EdgecError(
            "no-serial-port",
            "serial ports need the package pyserial",
            help="pip install 'edgec[flash]'",
            exit_code=ExitCode.TOOL,
        ) from None
    try:
        return SerialTransport(serial.Serial(port, baud, timeout=0))
    except (OSError, ValueError) as error:
        raise EdgecError(
            "no-serial-port",
            f"cannot open {port}: {error}",
            help="check that the board is plugged in, that the port is its own (`ls /dev/tty*`), "
            "and that you may use it (group dialout)",
            exit_code=ExitCode.TOOL,
        ) from None


@contextmanager
def serial_session(port: str, baud: int, timeout: float = 60.0) -> Iterator[Session]:
    """Talk to the firmware behind ``port``; it stays running. ``timeout`` (s) bounds one answer."""
    transport = open_serial(port, baud)
    try:
        client = RunnerClient(transport, timeout=timeout)
        client.describe()
        yield Session(client)
    finally:
        transport.close()
