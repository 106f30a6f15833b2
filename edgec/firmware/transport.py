"""Byte transports between host and firmware. A new one is a class with three methods."""

import os
import select
from typing import IO, Protocol


class TransportClosedError(EOFError):
    """The other end is gone."""


class Transport(Protocol):
    """A two-way stream of bytes. ``lossless``: flow-controlled, so requests may be pipelined."""

    @property
    def lossless(self) -> bool: ...

    def write(self, data: bytes) -> None:
        """Write everything. Raises :class:`TransportClosedError`."""
        ...

    def read(self, timeout: float) -> bytes:
        """Return what is there, after at most ``timeout`` seconds; empty when nothing came.

        Raises :class:`TransportClosedError`.
        """
        ...

    def close(self) -> None: ...


class PipeTransport:
    """Two unbuffered pipes, such as a child process's standard output and input; owns them."""

    lossless = True
    _READ_BYTES = 65_536

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._reader = reader
        self._writer = writer

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._writer.fileno(), rest) :]
        except BrokenPipeError:
            raise TransportClosedError from None

    def read(self, timeout: float) -> bytes:
        ready, _, _ = select.select([self._reader], [], [], timeout)
        if not ready:
            return b""
        data = os.read(self._reader.fileno(), self._READ_BYTES)
        if not data:
            raise TransportClosedError
        return data

    def close(self) -> None:
        self._writer.close()
        self._reader.close()
