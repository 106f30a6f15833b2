"""No program that edgec started outlives it, whatever ends edgec."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edgec.firmware.children import completed, conversation, kill_children

_TALKS = """
import sys, threading, time
from edgec.firmware.children import completed, conversation
spin = f"echo $$ >> {sys.argv[1]}; while :; do :; done"
quiet = f"echo $$ >> {sys.argv[1]}; sleep 60 & echo $! >> {sys.argv[1]}; wait"
tool = lambda: completed(["/bin/sh", "-c", quiet], None, {}, 60)
threading.Thread(target=tool, daemon=True).start()
with conversation(["/bin/sh", "-c", spin]) as pipes:
    print("started", flush=True)
    time.sleep(60)
"""
_PATIENCE = 40.0


def lives(process: int) -> bool:
    """Tell whether a process runs; a zombie that nobody asked for does not."""
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc").is_dir()
    return state != "Z"


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGABRT])
def test_children_die_with_their_parent(number: signal.Signals, tmp_path: Path) -> None:
    """A spinning emulator, a tool in a thread, and what that tool started."""
    notes = tmp_path / "pids"
    parent = subprocess.Popen(
        [sys.executable, "-c", _TALKS, str(notes)], start_new_session=True, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        assert eventually(lambda: notes.exists() and len(notes.read_text().split()) == 3)
        children = [int(each) for each in notes.read_text().split()]
        assert all(lives(each) for each in children)
        os.killpg(parent.pid, number)
    assert eventually(lambda: not any(lives(each) for each in children))


def test_a_conversation() -> None:
    with conversation(["/bin/cat"], grace=5) as (reader, writer):
        writer.write(b"hello\n")
        assert reader.readline() == b"hello\n"


def test_a_conversation_ends_what_does_not_end() -> None:
    start = time.monotonic()
    with conversation(["/bin/sleep", "60"], grace=0.1):
        pass
    assert time.monotonic() - start < _PATIENCE


def test_children_can_be_ended_all_at_once() -> None:
    with conversation(["/bin/sh", "-c", "echo here; exec sleep 60"], grace=_PATIENCE) as pipes:
        assert pipes[0].readline() == b"here\n"
        kill_children()
        assert pipes[0].read() == b""


def test_a_tool_reads_no_terminal() -> None:
    assert completed(["/bin/cat"], None, {}, _PATIENCE).stdout == ""


def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    worker = (
        "import os, time; from edgec.firmware.children import end_with; end_with(os.getppid()); "
        f"open({str(notes)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {worker!r}])"
    with subprocess.Popen([sys.executable, "-c", start]) as parent:
        assert eventually(lambda: notes.exists() and notes.read_text() != "")
        assert lives(int(notes.read_text()))
        parent.kill()
    assert eventually(lambda: not lives(int(notes.read_text())))
