"""``edgec check FOLDER...``: the same question asked of many model files, one answer for each."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgec.driver.compile.check import DEFAULT_BOARD, CheckResult, check
from edgec.driver.compile.compile import target_of
from edgec.driver.progress import Progress, Quiet
from edgec.errors import EdgecError, ExitCode, Place, raise_all
from edgec.frontends.files import read_file
from edgec.targets.board import load_board

SUPPORTED, DOES_NOT_FIT = "supported", "does not fit"
NOT_SUPPORTED, UNREADABLE, FAILED = "not supported", "unreadable", "edgec failed"
STATES = (SUPPORTED, DOES_NOT_FIT, NOT_SUPPORTED, UNREADABLE, FAILED)

_SUFFIXES = frozenset({".onnx", ".tflite", ".lite"})


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What came of one file; ``result`` is None where it could not be read as a model at all.

    ``source`` is the folder of the model below the folder that was asked about, "." for itself
    and for files that were named one by one.
    """

    file: Path
    source: str
    state: str
    problems: tuple[EdgecError, ...] = ()
    result: CheckResult | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What a check of this file alone ends with."""
        return max((each.exit_code for each in self.problems), default=ExitCode.OK)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A kind of problem: how many files have it, and how many have no other kind."""

    what: str
    files: int
    alone: int


def model_files(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """Return the model files at and below ``paths``, each once, with their sources.

    Files are taken whatever their names; in folders, by their suffix: .onnx, .tflite, .lite. Hidden
    folders and links to folders are left out. Raises ``unknown-format`` for folders with no model,
    ``file-not-found`` for what is not there: all problems at once.
    """
    found: dict[Path, str] = {}
    problems: list[EdgecError] = []
    for path in paths:
        below = list(_below(path)) if path.is_dir() else []
        for file in below:
            found.setdefault(file, str(file.parent.relative_to(path)))
        if below:
            continue
        try:
            _expect_file(path)
            found.setdefault(path, ".")
        except EdgecError as error:
            problems.append(error)
    raise_all(problems)
    return list(found.items())


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in _SUFFIXES and not name.startswith("."):
                yield Path(here) / name


def _expect_file(path: Path) -> None:
    """Raise for what is no file: as reading it would."""
    if path.is_dir():
        read_file(path)  # says what kind of folder it is
    elif not path.exists():
        message = f"no file {str(path)!r}"
        raise EdgecError(
            "file-not-found", message, place=Place(str(path)), help="check the path to the model"
        )


def check_many(
    files: Sequence[tuple[Path, str]],
    board_name: str = "",
    kernels: str = "auto",
    cmsis_nn: str = "",
    *,
    allow_poor: bool = False,
    progress: Progress | None = None,
) -> list[FileCheck]:
    """Check every file that :func:`model_files` found; what is wrong with one stops no other.

    Raises ``EdgecError`` for what is wrong with the board or the copy of CMSIS-NN.
    """
    progress = progress or Quiet()
    target_of(load_board(board_name or DEFAULT_BOARD), kernels, cmsis_nn)
    progress.stage(f"checking {len(files)} files")
    answers: list[FileCheck] = []
    for file, source in files:
        answers.append(_one(file, source, board_name, kernels, cmsis_nn, allow_poor=allow_poor))
        progress.advance(len(answers), len(files))
    return answers


def _one(
    file: Path, source: str, board_name: str, kernels: str, cmsis_nn: str, *, allow_poor: bool
) -> FileCheck:
    try:
        result = check(file, board_name, kernels, cmsis_nn=cmsis_nn, allow_poor=allow_poor)
    except EdgecError as error:
        return FileCheck(file, source, UNREADABLE, error.problems())
    except Exception as error:  # noqa: BLE001 - a bug on one file must not lose the others
        return FileCheck(file, source, FAILED, (_bug(file, error),))
    problems = tuple(result.problems)
    if result.supported:
        state = SUPPORTED
    else:
        state = DOES_NOT_FIT if _only_memory(problems) else NOT_SUPPORTED
    return FileCheck(file, source, state, problems, result)


def _only_memory(problems: Sequence[EdgecError]) -> bool:
    return all(each.code == "does-not-fit" for each in problems)


def _bug(file: Path, error: Exception) -> EdgecError:
    summary = (f"{type(error).__name__}: {error}".splitlines() or [""])[0]
    return EdgecError(
        "bug",
        f"edgec failed in a way it should not: {summary}",
        place=Place(str(file)),
        help="check this file alone: that keeps the details for a report",
        exit_code=ExitCode.BUG,
    )


def counts(answers: Sequence[FileCheck]) -> dict[str, int]:
    """Return how many files are in each state; all states are there."""
    found = Counter(each.state for each in answers)
    return {state: found[state] for state in STATES}


def blockers(answers: Sequence[FileCheck]) -> list[Blocker]:
    """Return what stands in the way, by kind, what stops most files first.

    A kind is a code, and the operator where the problem has one.
    """
    kinds = [{_kind(each) for each in answer.problems} for answer in answers]
    files = Counter(kind for each in kinds for kind in each)
    alone = Counter(kind for each in kinds if len(each) == 1 for kind in each)
    made = [Blocker(kind, count, alone[kind]) for kind, count in files.items()]
    return sorted(made, key=lambda each: (-each.files, -each.alone, each.what))


def _kind(problem: EdgecError) -> str:
    words = problem.message.split()
    if "CUSTOM" in words[:2]:  # TFLite's custom operators have names of their own
        words = words[words.index("CUSTOM") + 1 :]
        return f"{problem.code} {words[0].strip(':,()')}" if words else problem.code
    operator = next((each.strip(":,()") for each in words[:3] if _names_operator(each)), "")
    return f"{problem.code} {operator}".strip()


def _names_operator(word: str) -> bool:
    """Tell whether a word is written as TFLite and ONNX write operators: CONV_2D, MatMul, a::B."""
    bare = word.strip(":,()").rpartition("::")[2]
    return bare.isidentifier() and bare != bare.lower() and len(bare) > 1
