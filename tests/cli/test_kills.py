"""Commands that are killed at random moments: no OUT is lost, nothing runs on or stays behind."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgec.driver import BuildOptions, build
from edgec.driver.compile.golden import golden_of
from edgec.driver.output import open_output

pytestmark = pytest.mark.qemu
_PATIENCE = 60.0  # s, for the end of what a killed command had started
_PROCESSES = Path("/proc")
_KILLS = int(os.environ.get("EDGEC_KILLS", "10"))


class Place:
    """A folder with an OUT, and one for temporary files; commands run in it and are killed."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.out = folder / "work" / "OUT"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self._model = model
        self.commands = (
            ("build", str(model), "-b", "stm32", "-o", str(self.out)),
            ("test", str(self.out)),
            ("test", str(self.out), "--on", "host"),
            ("run", str(self.out), "-o", str(self.out.parent / "results.npz")),
        )

    def start(self, command: tuple[str, ...]) -> "subprocess.Popen[bytes]":
        quiet = subprocess.DEVNULL
        environment = {**os.environ, "TMPDIR": str(self.temporary)}
        arguments = [sys.executable, "-m", "edgec", *command]
        return subprocess.Popen(arguments, stdout=quiet, stderr=quiet, env=environment)

    def seconds(self, command: tuple[str, ...]) -> float:
        """Return how long a command takes that is left alone."""
        start = time.monotonic()
        assert self.start(command).wait() == 0
        return time.monotonic() - start

    def processes(self) -> list[str]:
        """Return the commands of processes that have to do with this place."""
        found = []
        for folder in _PROCESSES.glob("[0-9]*"):
            try:
                text = (folder / "cmdline").read_bytes().decode(errors="replace")
                here = str((folder / "cwd").readlink())
            except OSError:
                continue
            marks = (str(self.out.parent), str(self.temporary))
            if text and any(mark in text or here.startswith(mark) for mark in marks):
                found.append(text.replace("\0", " "))
        return found

    def leftovers(self) -> list[str]:
        wanted = {"OUT", "results.npz"}
        return sorted({each.name for each in self.out.parent.iterdir()} - wanted) + [
            each.name for each in self.temporary.iterdir()
        ]

    def assert_whole(self) -> None:
        built = open_output(self.out)
        assert golden_of(built)[0]
        assert built.elf.read_bytes()[:4] == b"\x7fELF"


def kill_often(place: Place, kills: int, seed: int) -> None:
    """Kill commands one after the other; after each, look for an OUT and for what still runs."""
    rng = random.Random(seed)
    takes = {command: place.seconds(command) for command in place.commands}
    for number in range(kills):
        command = place.commands[rng.choice((0, 0, 0, 1, 2, 3))]
        before = set(place.leftovers())
        process = place.start(command)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0.1, 1.0) * takes[command])
        process.send_signal(signal.SIGKILL if number % 2 else signal.SIGTERM)
        process.wait(_PATIENCE)
        deadline = time.monotonic() + _PATIENCE
        while place.processes() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not place.processes(), (command, number)
        if number % 2 == 0:
            assert set(place.leftovers()) <= before, "SIGTERM has to clean up"
        place.assert_whole()


@pytest.fixture
def place(model: Path, tmp_path: Path) -> Place:
    made = Place(tmp_path, model)
    build(BuildOptions(model=str(model), board="stm32", output=str(made.out)))
    return made


@pytest.mark.skipif(not _PROCESSES.is_dir(), reason="platform: /proc lists the processes")
def test_killed_at_random(place: Place) -> None:
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    kill_often(place, _KILLS, seed)
    for command in place.commands:
        assert place.start(command).wait() == 0
    place.assert_whole()
    assert place.leftovers() == []
