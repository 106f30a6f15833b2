"""Runs mutants one after the other, each in a process of its own, and keeps what goes wrong."""

import contextlib
import json
import shlex
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fuzz.attempts import ATTEMPTS, PRINT_JSON, Attempt, Bench
from fuzz.findings import Fault, fault_of
from fuzz.mutant import Form, Mutant, Specimen
from fuzz.process import Child, Ended, Limits

_SHARES = {Form.ONNX: 50, Form.TFLITE: 30, Form.TARGET: 6}
_SHARE = 3  # of every other form
_EXAMPLES = 20  # names of mutants that a finding keeps


@dataclass
class Finding:
    """One fault, with all mutants that provoke it; the first one is kept as a file."""

    fault: Fault
    mutants: list[str] = field(default_factory=list)


@dataclass
class Tally:
    """What became of the mutants: a count by form, attempt and outcome, and the extremes.

    ``peak`` is in bytes resident, what was there before the mutant included; ``seconds`` are of
    the processor. Each with the mutant's name.
    """

    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    peak: tuple[int, str] = (0, "")
    slowest: tuple[float, str] = (0.0, "")
    seconds: float = 0.0
    done: int = 0


@dataclass(frozen=True)
class Soak:
    """A fuzzer: a corpus, what is done with its mutants, and within which limits."""

    specimens: Sequence[Specimen]
    bench: Bench
    folder: Path
    attempts: Mapping[Form, Sequence[tuple[int, Attempt]]] = field(default_factory=lambda: ATTEMPTS)
    limits: Limits = field(default_factory=Limits)

    def mutant(self, seed: int, index: int) -> Mutant:
        """Return a mutant of some specimen: models more often than the rest."""
        rng = Random(f"{seed}:{index}")
        forms = sorted({each.form for each in self.specimens})
        form = rng.choices(forms, [_SHARES.get(each, _SHARE) for each in forms])[0]
        specimen = rng.choice([each for each in self.specimens if each.form is form])
        return Mutant(specimen, seed, index)

    def named(self, name: str) -> Mutant:
        """Return the mutant of a name; ``KeyError`` where its specimen is not in the corpus."""
        key, seed, index = name.split("-")
        specimens = {each.key: each for each in self.specimens}
        return Mutant(specimens[key], int(seed), int(index))

    def run(
        self, mutants: Iterable[Mutant], jobs: int = 1, tick: Callable[[Tally], None] | None = None
    ) -> Tally:
        """Run mutants, ``jobs`` at a time; what is found is in ``folder`` at once."""
        tally = Tally()
        running: deque[tuple[Mutant, Child]] = deque()

        def finish() -> None:
            mutant, child = running.popleft()
            self._record(tally, mutant, child.wait(), child.folder)
            if tick:
                tick(tally)

        with contextlib.suppress(KeyboardInterrupt):  # what was found by then is told
            for number, mutant in enumerate(mutants):
                if len(running) == jobs:
                    finish()
                running.append((mutant, self._start(mutant, self.folder / f"work-{number % jobs}")))
            while running:
                finish()
        return tally

    def attempt_of(self, mutant: Mutant) -> Attempt:
        """Return what a mutant is put through, which its name decides."""
        shares, attempts = zip(*self.attempts[mutant.specimen.form], strict=True)
        chosen: Attempt = mutant.rng("attempt").choices(attempts, shares)[0]
        return chosen

    def _start(self, mutant: Mutant, folder: Path) -> Child:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        path, attempt = file_in(folder, mutant), self.attempt_of(mutant)

        def work() -> int:
            path.write_bytes(mutant.data)
            return attempt(path, mutant.rng("choices"), self.bench)

        return Child.start(work, folder, self.limits)

    def _record(self, tally: Tally, mutant: Mutant, ended: Ended, folder: Path) -> None:
        attempt = self.attempt_of(mutant)
        fault = fault_of(ended, self.limits, is_json=attempt in PRINT_JSON)
        outcome = fault.kind if fault else f"exit {ended.code}"
        tally.done += 1
        tally.seconds += ended.seconds
        tally.outcomes[mutant.specimen.form, attempt.__name__, outcome] += 1
        tally.peak = max(tally.peak, (ended.peak, mutant.name))
        tally.slowest = max(tally.slowest, (ended.seconds, mutant.name))
        if fault:
            self._keep(tally, mutant, fault, ended, folder)

    def _keep(self, tally: Tally, mutant: Mutant, fault: Fault, ended: Ended, folder: Path) -> None:
        finding = tally.findings.setdefault(fault.key, Finding(fault))
        finding.mutants.append(mutant.name)
        kept = self.folder / fault.key
        if len(finding.mutants) == 1:
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copy(file_in(folder, mutant), kept)
            (kept / "stderr.txt").write_text(ended.err)
        text = {
            "kind": fault.kind,
            "what": fault.what,
            "frames": fault.frames,
            "mutant": mutant.specimen.name,
            "attempt": self.attempt_of(mutant).__name__,
            "replay": replay_command(finding.mutants[0]),
            "count": len(finding.mutants),
            "mutants": finding.mutants[:_EXAMPLES],
        }
        (kept / "finding.json").write_text(json.dumps(text, indent=1) + "\n")


def file_in(folder: Path, mutant: Mutant) -> Path:
    """Return where a mutant is written."""
    return folder / f"mutant.{mutant.specimen.form}"


def replay_command(name: str) -> str:
    """Return the shell's line that makes a mutant again and runs it."""
    return shlex.join(["python", "-m", "tests.fuzz", "--replay", name])
