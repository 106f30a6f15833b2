"""Starts outside programs so that none outlives edgec, in whatever way edgec ends.

A killed process cannot end its children, so somebody else does: a small shell, the warden, that
hears from edgec through a pipe which groups of processes run. When edgec dies the pipe closes, and
the warden kills what is left: QEMU, or a compiler with the compilers that it started in turn. It
works with threads and on every POSIX system; Linux' own signal at a parent's death does neither.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

_WARDEN = """
trap '' HUP INT QUIT TERM
cd /
while read -r what group; do
  kept=
  for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done
  if [ "$what" = + ]; then groups="$kept $group"; else groups="$kept"; fi
done
for each in $groups; do kill -s KILL -- "-$each"; done
"""
_GATE = ("/bin/sh", "-c", 'read -r go && exec "$@"', "sh")
_GATE_TO_NOTHING = ("/bin/sh", "-c", 'read -r go && exec "$@" </dev/null', "sh")
"""They wait for a line, so that nothing runs that the warden has not heard of."""
_LOOK = 0.2  # s
NOT_STARTED = (126, 127)
"""What a shell says by its status of a program that it cannot run."""

Process = subprocess.Popen[bytes]


class _Groups:
    """The groups of processes that run, and the pipe to the warden, who is started when needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._pipe: int | None = None
        self._warden: Process | None = None

    def add(self, group: int) -> None:
        with self._lock:
            if self._pipe is None:
                self._warden, self._pipe = _start_warden()
            self._groups.add(group)
            self._tell(b"+", group)

    def remove(self, group: int) -> None:
        with self._lock:
            self._groups.discard(group)
            self._tell(b"-", group)

    def kill(self) -> None:
        for group in list(self._groups):  # no lock: a signal may have interrupted its holder
            kill_group(group)

    def _tell(self, what: bytes, group: int) -> None:
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                os.write(self._pipe, b"%s %d\n" % (what, group))


_running = _Groups()


def kill_children() -> None:
    """End all that was started and still runs, with what it started in turn."""
    _running.kill()


def kill_group(group: int) -> None:
    """End a group of processes, if there is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def end_with(parent: int) -> None:
    """Have this process end when ``parent`` does, if that has started it: a worker of its."""
    if os.getppid() == parent:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)  # which ends its children too


@contextlib.contextmanager
def conversation(
    command: Sequence[str],
    *,
    passed: Sequence[int] = (),
    log: IO[bytes] | None = None,
    grace: float = 0.0,
) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Run a program that is talked to; the value is what it writes and what it reads.

    Raises OSError where it cannot be started. ``passed`` are file descriptors that it gets, ``log``
    takes its standard error. Afterwards it is gone: it has ``grace`` (s) to end by itself when its
    input does.
    """
    process = subprocess.Popen(  # noqa: S603 - the program comes from find_tool, or we compiled it
        [*_GATE, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        bufsize=0,
        pass_fds=passed,
        process_group=0,
    )
    with _known(process):
        assert process.stdin is not None  # noqa: S101 - asked for pipes
        assert process.stdout is not None  # noqa: S101 - asked for pipes
        process.stdin.write(b"go\n")
        yield process.stdout, process.stdin
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)


def completed(
    command: Sequence[str], cwd: Path | None, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as ``subprocess.run`` does; what is cut short ends as a whole."""
    process = subprocess.Popen(  # noqa: S603 - the program comes from find_tool
        [*_GATE_TO_NOTHING, *command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        process_group=0,
    )
    with _known(process):
        output, said = process.communicate("go\n", timeout=timeout)
        return subprocess.CompletedProcess(command, process.returncode, output, said)


@contextlib.contextmanager
def _known(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> Iterator[None]:
    """Have the warden know a process while it runs; afterwards it and its children are gone."""
    try:
        _running.add(process.pid)
        yield
    finally:
        if process.returncode is None:
            kill_group(process.pid)
        process.wait()
        _running.remove(process.pid)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _start_warden() -> tuple[Process, int] | tuple[None, None]:
    """Start the warden; return it and the pipe to it, or nothing where it cannot be."""
    try:
        reader, writer = os.pipe()
    except OSError:
        return None, None
    try:
        warden = subprocess.Popen(  # noqa: S603 - our own script
            ["/bin/sh", "-c", _WARDEN],
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        os.close(writer)
        return None, None
    finally:
        os.close(reader)
    return warden, writer
