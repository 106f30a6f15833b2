"""``edgec matrix``: many models on many boards, built and tested side by side.

Every cell leaves a small JSON file with the hash of all that went into it. A cell whose hash is
unchanged is not done again, so an interrupted matrix goes on where it was.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgec import __version__
from edgec.driver.compile.build import build
from edgec.driver.compile.compile import target_of
from edgec.driver.options import BuildOptions
from edgec.driver.progress import Progress, Quiet
from edgec.driver.run.regression import run_regression
from edgec.errors import EdgecError, ExitCode, Place, raise_all
from edgec.firmware.children import end_with
from edgec.targets.board import board_source, load_board

PASSED, FAILED, ERROR = "passed", "failed", "error"
DEFAULT_OUTPUT = Path("build/matrix")
_CELL_FILE = "cell.json"


@dataclass(frozen=True, slots=True)
class Cell:
    """One model on one board: what became of it. ``problem`` says why it is no pass."""

    model: str
    board: str
    state: str
    problem: str = ""
    samples: int = 0
    mismatches: int = 0
    ram_bytes: int | None = None
    flash_bytes: int | None = None
    instructions: int | None = None
    milliseconds: float | None = None
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class MatrixOptions:
    """How the cells are made.

    ``calib`` is a file, or a folder that has ``<model>.npz`` for each model; ``jobs`` 0 is one per
    processor; ``backend`` is one of joblib's, ``scheduler`` the address of dask's.
    """

    output: Path = DEFAULT_OUTPUT
    calib: Path | None = None
    kernels: str = "auto"
    jobs: int = 0
    backend: str = "loky"
    scheduler: str = ""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class _Work:
    """A cell to do; travels to another process."""

    options: BuildOptions
    label: str
    board: str
    key: str
    parent: int


def matrix(
    models: Sequence[Path],
    boards: Sequence[str],
    options: MatrixOptions,
    progress: Progress | None = None,
) -> list[Cell]:
    """Build and test every model on every board; return the cells, models first.

    Raises at once for unknown boards, missing files and a missing extra; what goes wrong in a cell
    is noted in the cell.
    """
    progress = progress or Quiet()
    work = [_work(model, board, options) for model, board in _checked(models, boards)]
    known = [None if options.fresh else _finished(each) for each in work]
    todo = [each for each, cell in zip(work, known, strict=True) if cell is None]
    progress.stage(f"building and testing {len(todo)} of {len(work)} cells")
    done: dict[tuple[str, str], Cell] = {}
    for cell in _run_all(todo, options):
        done[cell.model, cell.board] = cell
        progress.advance(len(done), len(todo))
    return [cell or done[each.label, each.board] for each, cell in zip(work, known, strict=True)]


def _checked(models: Sequence[Path], boards: Sequence[str]) -> list[tuple[Path, str]]:
    problems: list[EdgecError] = []
    for board in boards:
        try:
            load_board(board)
        except EdgecError as error:
            problems.append(error)
    problems += [
        EdgecError("file-not-found", "there is no such file", place=Place(str(each)))
        for each in models
        if not each.is_file()
    ]
    stems = [each.stem for each in models]
    problems += [
        EdgecError(
            "invalid-option",
            f"two models are named {stem}: their outputs would lie in one folder",
            help="rename one, or make two matrices",
            exit_code=ExitCode.USAGE,
        )
        for stem in sorted({each for each in stems if stems.count(each) > 1})
    ]
    raise_all(problems)
    return [(model, board) for model in dict.fromkeys(models) for board in dict.fromkeys(boards)]


def _work(model: Path, board: str, options: MatrixOptions) -> _Work:
    identity = load_board(board).id
    calib = _calib_of(model, options.calib)
    build_options = BuildOptions(
        model=str(model.resolve()),
        board=str(Path(board).resolve()) if board.endswith(".toml") else board,
        calib=str(calib.resolve()) if calib else "",
        kernels=options.kernels,
        output=str((options.output / model.stem / identity).resolve()),
    )
    return _Work(build_options, model.stem, identity, _key(build_options), os.getpid())


def _calib_of(model: Path, calib: Path | None) -> Path | None:
    if calib is None or not calib.is_dir():
        return calib
    own = calib / f"{model.stem}.npz"
    return own if own.is_file() else None


def _key(options: BuildOptions) -> str:
    """Return a hash of everything a cell depends on; linked libraries are part of it."""
    target = target_of(load_board(options.board), options.kernels, options.cmsis_nn)
    libraries = [each.sha256 for each in target.libraries]
    noted = json.dumps([__version__, options.as_config(), libraries])
    digest = hashlib.sha256(noted.encode())
    for file in filter(None, (options.model, options.calib)):
        digest.update(hashlib.sha256(Path(file).read_bytes()).digest())
    digest.update(board_source(options.board))
    return digest.hexdigest()


def _finished(work: _Work) -> Cell | None:
    """Return the cell as an earlier matrix left it, where nothing has changed since."""
    try:
        noted = json.loads((Path(work.options.output) / _CELL_FILE).read_text())
        if noted.pop("key") != work.key or noted["state"] == ERROR:
            return None
        return replace(Cell(**noted), resumed=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _run_all(work: Sequence[_Work], options: MatrixOptions) -> Iterator[Cell]:
    if not work:
        return
    import joblib  # noqa: PLC0415 - starts slowly, and only this command needs it

    with _scheduler(options), joblib.parallel_config(backend=options.backend):
        tasks = joblib.Parallel(
            n_jobs=options.jobs or os.cpu_count() or 1, return_as="generator_unordered"
        )
        yield from tasks(joblib.delayed(run_cell)(each) for each in work)


@contextlib.contextmanager
def _scheduler(options: MatrixOptions) -> Iterator[None]:
    """Connect to dask's scheduler while the matrix runs, where joblib shall use it."""
    if options.backend != "dask":
        yield
        return
    try:
        from distributed import Client  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise EdgecError(
            "missing-extra",
            "--backend dask needs dask.distributed, which is not installed",
            help="pip install 'edgec[dask]'",
            exit_code=ExitCode.TOOL,
        ) from None
    if not options.scheduler:
        raise EdgecError(
            "missing-option",
            "--backend dask needs the address of a scheduler",
            help="add --scheduler tcp://HOST:8786",
            exit_code=ExitCode.USAGE,
        )
    with _connected(Client, options.scheduler):
        yield


@contextlib.contextmanager
def _connected(client: Any, address: str) -> Iterator[None]:
    try:
        made = client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise EdgecError(
            "no-scheduler",
            f"no dask scheduler answers at {address}: {error}",
            help="start one with `dask scheduler`, and workers with `dask worker ADDRESS`",
            exit_code=ExitCode.TOOL,
        ) from None
    with made:
        yield


def run_cell(work: _Work) -> Cell:
    """Build and test one cell; whatever happens, the matrix goes on."""
    end_with(work.parent)
    try:
        cell = _build_and_test(work)
    except EdgecError as error:
        first = error.problems()[0]
        cell = Cell(work.label, work.board, ERROR, f"{first.code}: {first.message}")
    except Exception as error:  # noqa: BLE001 - a bug in one cell must not lose the others
        cell = Cell(work.label, work.board, ERROR, f"bug in edgec: {error!r}")
    if cell.state != ERROR:
        note = {"key": work.key, **asdict(cell)}
        (Path(work.options.output) / _CELL_FILE).write_text(json.dumps(note, indent=1) + "\n")
    return cell


def _build_and_test(work: _Work) -> Cell:
    report = build(work.options).report
    result = run_regression(Path(work.options.output))
    cycles = [layer["cycles_estimate"] for layer in report["layers"]]
    known = bool(cycles) and None not in cycles
    clock = load_board(work.options.board).clock_hz
    return Cell(
        model=work.label,
        board=work.board,
        state=FAILED if result.mismatches else PASSED,
        problem=f"{result.mismatches} samples differ" if result.mismatches else "",
        samples=result.samples,
        mismatches=result.mismatches,
        ram_bytes=report["memory"]["ram_total_bytes"],
        flash_bytes=report["memory"]["flash_total_bytes"],
        instructions=report["instructions_total"],
        milliseconds=1e3 * sum(cycles) / clock if known else None,
    )
