"""The fuzzer itself: it finds what is planted, joins what is alike, and makes it again by name."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from fuzz import corpus
from fuzz.attempts import ATTEMPTS, Attempt, Bench, check
from fuzz.command import warm
from fuzz.mutant import Form, Mutant, Specimen
from fuzz.process import Limits
from fuzz.soak import Finding, Soak, Tally

from edgec.errors import EdgecError, Place
from edgec.frontends.onnx import load as onnx_load

SMALL = corpus.small()
ONNX = next(each for each in SMALL if each.form is Form.ONNX)
SHORT = Limits(memory=1 << 30, seconds=1, wall=30)


class Undamaged(Mutant):
    """A mutant that is as good as its specimen."""

    @property
    def data(self) -> bytes:
        return self.specimen.data


@pytest.fixture(autouse=True)
def _tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEC_DEBUG", "1")


def soak_of(
    folder: Path, attempt: Attempt, specimens: Sequence[Specimen] = (ONNX,), limits: Limits = SHORT
) -> Soak:
    attempts = dict.fromkeys(Form, ((1, attempt),))
    return Soak(specimens, Bench(()), folder, attempts, limits)


def run(soak: Soak, count: int, *, damaged: bool = False) -> Tally:
    make = Mutant if damaged else Undamaged
    return soak.run([make(soak.specimens[0], 7, index) for index in range(count)], jobs=2)


def only(tally: Tally) -> Finding:
    (finding,) = tally.findings.values()
    return finding


def test_a_planted_bug_is_found_once_however_often_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(onnx_load._Import, "_import", broken)
    tally = run(soak_of(tmp_path, check), 5)
    finding = only(tally)
    assert finding.fault.kind == "bug"
    assert finding.fault.what == "KeyError: 'planted'"
    assert finding.fault.frames[-1].startswith("frontends/onnx/load.py:")
    assert len(finding.mutants) == tally.done == 5
    kept = tmp_path / finding.fault.key
    assert (kept / "mutant.onnx").read_bytes() == ONNX.data
    assert "KeyError: 'planted'" in (kept / "stderr.txt").read_text()
    told = json.loads((kept / "finding.json").read_text())
    assert told["count"] == 5
    assert told["replay"].endswith(f"--replay {ONNX.key}-7-0")


def test_two_places_are_two_findings(tmp_path: Path) -> None:
    def broken(path: Path, rng: Random, _: Bench) -> int:
        if rng.random() < 0.5:
            np.zeros(2)[3]
        raise ZeroDivisionError

    tally = run(soak_of(tmp_path, broken), 12)
    kinds = {each.fault.what.split(":")[0] for each in tally.findings.values()}
    assert kinds == {"IndexError", "ZeroDivisionError"}


def test_too_much_memory(tmp_path: Path) -> None:
    def hungry(*_: object) -> int:
        return int(np.ones(3 << 30, np.int8)[5])

    finding = only(run(soak_of(tmp_path, hungry, limits=Limits()), 1))
    assert finding.fault.kind == "memory"
    assert "3.00 GiB" in finding.fault.what


def test_memory_that_was_refused_politely_is_a_finding_too(tmp_path: Path) -> None:
    def polite(*_: object) -> int:
        try:
            np.ones(3 << 30, np.int8)
        except MemoryError as error:
            sys.stderr.write(f"error[malformed-model]: {error}\n")
        return 1

    assert only(run(soak_of(tmp_path, polite, limits=Limits()), 1)).fault.kind == "memory"


def test_what_never_ends_is_killed_and_says_where(tmp_path: Path) -> None:
    def endless(*_: object) -> int:
        while True:
            pass

    finding = only(run(soak_of(tmp_path, endless), 1))
    assert finding.fault.kind == "time"
    stderr = (tmp_path / finding.fault.key / "stderr.txt").read_text()
    assert "in endless" in stderr


def test_what_waits_for_ever_is_killed(tmp_path: Path) -> None:
    def asleep(*_: object) -> int:
        signal.pause()
        return 0

    limits = Limits(seconds=20, wall=1)
    assert only(run(soak_of(tmp_path, asleep, limits=limits), 1)).fault.kind == "time"


def test_a_crash_of_the_process(tmp_path: Path) -> None:
    def crash(*_: object) -> int:
        os.kill(os.getpid(), signal.SIGSEGV)
        return 0

    fault = only(run(soak_of(tmp_path, crash), 1)).fault
    assert (fault.kind, fault.what) == ("signal", "SIGSEGV")


def test_warnings_of_python_on_stderr_are_findings(tmp_path: Path) -> None:
    def warns(*_: object) -> int:
        sys.stderr.write("/somewhere/x.py:12: RuntimeWarning: divide by zero\n")
        return 0

    assert only(run(soak_of(tmp_path, warns), 1)).fault.kind == "warning"


def test_errors_for_users_are_none(tmp_path: Path) -> None:
    def wrong(*_: object) -> int:
        sys.stderr.write(str(EdgecError("malformed-model", "no", place=Place("m.onnx"))))
        return 1

    tally = run(soak_of(tmp_path, wrong), 2)
    assert not tally.findings
    assert tally.outcomes["onnx", "wrong", "exit 1"] == 2


def test_replay_makes_the_same_bytes(tmp_path: Path) -> None:
    def refuses(path: Path, rng: Random, _: Bench) -> int:
        raise RuntimeError(path.read_bytes().hex()[:20], rng.random())

    soak = soak_of(tmp_path / "a", refuses, SMALL)
    mutants = [soak.mutant(11, index) for index in range(6)]
    tally = soak.run(mutants)
    for finding in tally.findings.values():
        name = finding.mutants[0]
        again = soak_of(tmp_path / "b", refuses, [*reversed(SMALL)]).named(name)
        kept = tmp_path / "a" / finding.fault.key
        assert next(kept.glob("mutant.*")).read_bytes() == again.data
    first = soak_of(tmp_path / "c", refuses, SMALL).run([soak.named(mutants[0].name)])
    assert only(first).fault.what in {each.fault.what for each in tally.findings.values()}


def test_good_files_of_every_form_are_taken(tmp_path: Path) -> None:
    """The start of all mutations is good: otherwise mutants would prove nothing."""
    bench = corpus.bench(tmp_path / "bench", build_one=False)
    soak = Soak(corpus.unique(SMALL), bench, tmp_path / "out")
    warm(soak, tmp_path / "good")
    some = {each.form: each for each in SMALL}.values()
    for attempts in range(6):
        tally = soak.run([Undamaged(each, attempts, 0) for each in some])
        assert not tally.findings
        assert {outcome for _, _, outcome in tally.outcomes} == {"exit 0"}


def command(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *map(str, arguments)],
        cwd=corpus.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_a_few_hundred_mutants(tmp_path: Path) -> None:
    """What CI runs of the fuzzer; `.ci/soak` is the long one."""
    ended = command("--small", "--mutants", 400, "--seed", 1, "--out", tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "400 mutants of" in ended.stdout
    assert "seed 1" in ended.stdout
    assert ended.stdout.endswith("no findings\n")
    assert ended.stderr == "", "a pipe gets no progress"
    counted = [line.split() for line in ended.stdout.splitlines() if " exit " in line]
    assert sum(int(words[0]) for words in counted) == 400
    assert {words[1] for words in counted} == {each.form for each in SMALL}


def test_the_command_replays_a_mutant(tmp_path: Path) -> None:
    name = f"{ONNX.key}-1-3"
    ended = command("--small", "--replay", name, "--out", tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == str(tmp_path / "replay")
    assert (tmp_path / "replay" / "mutant.onnx").read_bytes() == Mutant(ONNX, 1, 3).data
    unknown = command("--small", "--replay", "000000000000-1-3", "--out", tmp_path)
    assert unknown.returncode == 2
    assert "--models" in unknown.stderr


def test_every_form_is_put_through_something() -> None:
    assert set(ATTEMPTS) == set(Form)
