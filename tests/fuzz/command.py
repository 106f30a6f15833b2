"""The command: `python -m tests.fuzz`, from the root of the repository.

Runs mutants of the project's models, and of those in given folders, through what reads such files.
Each ends in an error for its user or in a result: what else happens is a finding, and the exit code
is 1. A mutant follows from its name, which is the hash of a good file, the seed, and a number.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from random import Random, SystemRandom

from fuzz import corpus, process
from fuzz.mutant import Specimen
from fuzz.soak import Soak, Tally, replay_command
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_MIB = 1 << 20
_REFRESH = 20  # mutants between two looks of the progress bar
_FRAMES = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 1 where something is found."""
    given = _parser().parse_args(arguments)
    given.out = given.out.resolve()  # mutants run in folders of their own
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="edgec-fuzz-") as folder:
        soak = _soak(given, Path(folder))
        if given.replay:
            return _replay(soak, given.replay)
        seed = SystemRandom().getrandbits(32) if given.seed is None else given.seed
        return _run(soak, seed, range(given.first, given.first + given.mutants), given.jobs)


def _parser() -> argparse.ArgumentParser:
    about = (__doc__ or "").splitlines()
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=" ".join(about[2:]))
    add = parser.add_argument
    add("--mutants", type=int, default=1000, metavar="N", help="how many [1000]")
    add("--seed", type=int, help="what all of them follow from [a new one, which is told]")
    add("--first", type=int, default=0, metavar="N", help="the first number: goes on from there")
    add("--models", type=Path, nargs="+", default=[], metavar="DIR", help="more models")
    add("--small", action="store_true", help="a few models only, which are there in a second")
    add("--jobs", type=int, default=1, metavar="N", help="mutants at a time [1]")
    add("--out", type=Path, default=Path("build/fuzz"), metavar="DIR", help="[build/fuzz]")
    add("--replay", metavar="NAME", help="make one mutant again, run it, and show all it says")
    return parser


def _soak(given: argparse.Namespace, folder: Path) -> Soak:
    talk = Console(stderr=True)
    if talk.is_terminal:
        talk.print("making models ...", style="dim")
    bench = corpus.bench(folder, build_one=not given.small)
    specimens: list[Specimen] = corpus.small() if given.small else corpus.full(folder)
    shared = () if given.small else (each for each in corpus.SHARED if each.is_dir())
    for each in (*shared, *given.models):
        specimens += corpus.of_folder(each)
    soak = Soak(corpus.unique(specimens), bench, given.out)
    warm(soak, folder / "good")
    return soak


def warm(soak: Soak, folder: Path) -> None:
    """Put a good file of every form through everything: mutants find imported what they need."""
    folder.mkdir()
    for form in {each.form for each in soak.specimens}:
        good = next(each for each in soak.specimens if each.form is form)
        path = folder / f"good.{form}"
        path.write_bytes(good.data)
        for _, attempt in soak.attempts[form]:
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                attempt(path, Random(0), soak.bench)
    process.share_memory()


def _run(soak: Soak, seed: int, numbers: range, jobs: int) -> int:
    talk = Console(stderr=True)
    quiet = not talk.is_terminal
    text = TextColumn("{task.description}")
    columns = (BarColumn(), MofNCompleteColumn(), text, TimeRemainingColumn())
    # No thread of its own: a fork beside one may find a lock taken.
    progress = Progress(*columns, console=talk, auto_refresh=False, disable=quiet)
    with progress:
        task = progress.add_task("", total=len(numbers))

        def tick(tally: Tally) -> None:
            found = f"{len(tally.findings)} findings" if tally.findings else ""
            progress.update(task, completed=tally.done, description=found)
            if not quiet and tally.done % _REFRESH == 0:
                progress.refresh()

        tally = soak.run((soak.mutant(seed, each) for each in numbers), jobs, tick)
    return _told(soak, seed, numbers, tally)


def _told(soak: Soak, seed: int, numbers: range, tally: Tally) -> int:
    """Print what became of the mutants; return the exit code."""
    say = sys.stdout.write
    for (form, attempt, outcome), count in sorted(tally.outcomes.items()):
        say(f"{count:7d}  {form:12} {attempt:12} {outcome}\n")
    say(f"{tally.done} mutants of {len(soak.specimens)} files, seed {seed}, ")
    say(f"from number {numbers.start}; {tally.seconds:.0f} s of processor time\n")
    say(f"most memory: {tally.peak[0] / _MIB:.0f} MiB resident ({tally.peak[1]}), ")
    say(f"slowest: {tally.slowest[0]:.1f} s ({tally.slowest[1]})\n")
    for key, finding in sorted(tally.findings.items()):
        say(f"\n{key}: {finding.fault.what}, {len(finding.mutants)} times\n")
        say("".join(f"    {each}\n" for each in finding.fault.frames[-_FRAMES:]))
        say(f"    {replay_command(finding.mutants[0])}\n")
    if tally.done < len(numbers):
        say(f"\ninterrupted; go on with --seed {seed} --first {numbers.start + tally.done}\n")
    say(f"\n{len(tally.findings) or 'no'} findings\n")
    return int(bool(tally.findings))


def _replay(soak: Soak, name: str) -> int:
    """Run one mutant again; print how it ended, and all it wrote."""
    try:
        mutant = soak.named(name)
    except (KeyError, ValueError):
        sys.stderr.write(f"no file of the corpus makes {name}: name its folder with --models\n")
        return 2
    found = soak.run([mutant])
    finding = next(iter(found.findings.values()), None)
    where = soak.folder / "replay"
    shutil.rmtree(where, ignore_errors=True)
    shutil.move(soak.folder / "work-0", where)
    sys.stdout.write((where / "stdout").read_text(errors="replace"))
    sys.stdout.write((where / "stderr").read_text(errors="replace"))
    (outcome,) = found.outcomes
    sys.stdout.write(f"\n{mutant.specimen.name}, {outcome[1]}: ")
    sys.stdout.write(f"{finding.fault.what if finding else outcome[2]}\n{where}\n")
    return int(finding is not None)
