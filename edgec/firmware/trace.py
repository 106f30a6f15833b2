"""Which blocks of a firmware ran, and how often: QEMU's execution log, read while it is written.

QEMU logs every block of code when it translates it (its instructions) and when it runs it. With
chaining off nothing is left out, so the counts are exact. A run of the model is cut into its nodes
by the calls of the node hook.
"""

import os
import re
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Self

_TRANSLATED = re.compile(rb"0x([0-9a-f]{8}):\s+((?:[0-9a-f]{4} ?)+)")
_RAN = re.compile(rb"Trace \d+: 0x[0-9a-f]+ \[[0-9a-f]+/([0-9a-f]+)/")
_READ_BYTES = 1 << 20

Range = tuple[int, int]
"""Addresses of a block: its start, and the first behind it."""


Steps = Counter[tuple[bytes, bytes]]
"""What ran between two calls of the hook: (line of the block before, line) -> how often."""


@dataclass(frozen=True, slots=True)
class BlockRuns:
    """A block, how often it ran, and how often something else than the next address followed."""

    block: Range
    count: int
    taken: int


class TraceReader:
    """Reads QEMU's log from a pipe in a thread of its own: ``with TraceReader(...) as reader``.

    Pass ``reader.fd`` to QEMU, run the model, end QEMU, close the block; then ask ``nodes()``.
    """

    def __init__(self, run_address: int, hook_address: int) -> None:
        self._run = run_address
        self._hook = hook_address
        self._ranges: dict[bytes, Range] = {}
        self._new: list[Range] = []
        self._before = b""
        self._last = (b"", b"")
        self._segments = [Steps()]
        self._reader, self.fd = os.pipe()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)
        self._thread.join()
        os.close(self._reader)

    def nodes(self, count: int) -> list[list[BlockRuns]]:
        """Return the blocks of each of ``count`` nodes of the last run."""
        return [self._blocks(segment) for segment in self._segments[:count]]

    def _read(self) -> None:
        rest = b""
        while chunk := os.read(self._reader, _READ_BYTES):
            text, _, rest = (rest + chunk).rpartition(b"\n")
            if text:
                self._take(text)

    def _take(self, text: bytes) -> None:
        """Take whole lines; where they only say that known blocks ran, all at once."""
        lines = text.split(b"\n")
        marks = (b"IN:", b"Stopped", b"rewound", b"%08x/" % self._run, b"%08x/" % self._hook)
        if lines[0].startswith(b"Trace") and not self._new and not any(m in text for m in marks):
            self._count(lines)
            return
        for line in lines:
            self._take_one(line)

    def _take_one(self, line: bytes) -> None:
        ran = _RAN.match(line)
        if ran is not None:
            self._enter(line, int(ran[1], 16))
            self._count([line])
        elif (found := _TRANSLATED.match(line)) is not None:
            start = int(found[1], 16)
            self._new.append((start, start + len(found[2].replace(b" ", b"")) // 2))
        elif line.startswith(b"Stopped"):
            self._take_back()

    def _enter(self, line: bytes, address: int) -> None:
        """Note a new block's addresses; begin a segment at the hook, all anew at the run."""
        if self._new:
            self._ranges[line] = (self._new[0][0], self._new[-1][1])
            self._new = []
        if address == self._run:
            self._segments = [Steps()]
        elif address == self._hook:
            self._segments.append(Steps())

    def _take_back(self) -> None:
        """The last block was logged, but an interrupt or the clock came first: it did not run."""
        self._segments[-1][self._last] -= 1
        self._before = self._last[0]

    def _count(self, lines: list[bytes]) -> None:
        self._segments[-1].update(zip([self._before, *lines], lines, strict=False))
        self._last = (lines[-2] if len(lines) > 1 else self._before, lines[-1])
        self._before = lines[-1]

    def _blocks(self, segment: Steps) -> list[BlockRuns]:
        counts: Counter[Range] = Counter()
        taken: Counter[Range] = Counter()
        for (before, line), times in segment.items():
            block, previous = self._ranges.get(line), self._ranges.get(before)
            if block is not None:
                counts[block] += times
            if block is not None and previous is not None and previous[1] != block[0]:
                taken[previous] += times
        return [BlockRuns(block, times, taken[block]) for block, times in counts.items()]
