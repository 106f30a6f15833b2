"""Looks into the memory of an emulated firmware after each node, through QEMU's gdb stub.

The firmware is the one that is flashed; nothing in it helps. A thread speaks the remote serial
protocol while the host runs the model over the console as ever.
"""

import contextlib
import socket
import threading
from collections.abc import Sequence
from typing import Self

Region = tuple[int, int]
"""An address and a size in bytes."""

_CHUNK = 1024
_READ_BYTES = 65_536


class NodeWatcher:
    """Copies ``regions[n]`` when node n of the model has ended: ``with NodeWatcher(...) as seen``.

    ``run`` and ``hook`` are the addresses of the model's run function and of the node hook;
    ``inputs`` is what lies where when the right run begins: a firmware may run the model on its own
    at start. ``breakpoint_bytes`` is the architecture's. Give ``seen.remote`` to the emulator;
    after the run ``seen.contents[n]`` is there.
    """

    def __init__(
        self,
        run: int,
        hook: int,
        inputs: Sequence[tuple[Region, bytes]],
        regions: Sequence[Sequence[Region]],
        breakpoint_bytes: int,
    ) -> None:
        self._run, self._hook, self._inputs, self._regions = run, hook, inputs, regions
        self._kind = breakpoint_bytes
        self.contents: list[list[bytes]] = []
        self._socket, self.remote = socket.socketpair()
        self._received = b""
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remote.close()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _watch(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            self._ask("?")
            self._go_to(self._run)
            while any(self._memory(*region) != data for region, data in self._inputs):
                self._ask("s")
                self._go_to(self._run)
            for regions in self._regions:
                self._go_to(self._hook)
                self.contents.append([self._memory(*region) for region in regions])
                self._ask("s")
            self._ask("D")

    def _go_to(self, address: int) -> None:
        """Let the firmware run until it is about to execute ``address``."""
        self._ask(f"Z0,{address:x},{self._kind}")
        self._ask("c")
        self._ask(f"z0,{address:x},{self._kind}")

    def _memory(self, address: int, size: int) -> bytes:
        chunks = (
            self._ask(f"m{address + at:x},{min(_CHUNK, size - at):x}")
            for at in range(0, size, _CHUNK)
        )
        return bytes.fromhex("".join(chunks))

    def _ask(self, command: str) -> str:
        """Send a command, return the stub's answer. Raises ``EOFError`` when QEMU has gone."""
        data = command.encode()
        self._socket.sendall(b"$%s#%02x" % (data, sum(data) % 256))
        while b"#" not in self._received or len(self._received.partition(b"#")[2]) < 2:  # noqa: PLR2004
            chunk = self._socket.recv(_READ_BYTES)
            if not chunk:
                raise EOFError
            self._received += chunk
        text, _, rest = self._received.partition(b"#")
        self._received = rest[2:]
        self._socket.sendall(b"+")
        return text.partition(b"$")[2].decode()
