"""An output folder of ``edgec build``, opened again."""

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Any

from edgec.codegen.source_tree import real_place
from edgec.driver.ports import PortInfo
from edgec.driver.reports.report_form import FIGURES, REPORT, Form, form_problems
from edgec.errors import EdgecError, Place
from edgec.firmware.emulate import no_emulator
from edgec.firmware.twin_image import TWIN_ELF
from edgec.reading import read_limited
from edgec.scratch import sweep
from edgec.target_file import SUFFIX
from edgec.targets.board import Board, load_board
from edgec.targets.twin import twin_of

_SCHEMA = 1
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MAX_BYTES = 1 << 26  # of a report.json: a layer takes about 1 KB
BOARD_COPY = "firmware/board.toml"


@dataclass(frozen=True)
class OutputInfo:
    """What later commands need of a build."""

    folder: Path
    report: dict[str, Any]
    name: str
    inputs: list[PortInfo]
    outputs: list[PortInfo]

    @property
    def board(self) -> Board:
        """The board it was built for, from the folder's own copy."""
        board = load_board(self._existing(BOARD_COPY))
        return replace(board, id=str(self.report["board"]))

    @property
    def elf(self) -> Path:
        return self._existing("firmware.elf")

    @property
    def emulated(self) -> tuple[Board, Path]:
        """What QEMU runs: the board and its firmware, or its twin's."""
        twin = twin_of(self.board)
        if twin is None:
            raise no_emulator(self.board)
        own = self.board.emulator is not None
        return twin, self.elf if own else self._existing(TWIN_ELF)

    @property
    def golden(self) -> Path:
        return self._existing("golden.npz")

    @property
    def target_file(self) -> Path:
        """The target graph; ``older-output`` where the edgec that built this left none."""
        path = self.folder / f"{self.name}{SUFFIX}"
        if not path.is_file():
            raise _older(self)
        return path

    def _existing(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise _damaged(self.folder, f"{name} is missing")
        return path


def open_output(folder: Path) -> OutputInfo:
    """Read ``report.json``; raises ``not-an-output`` and ``damaged-output``."""
    path = folder / "report.json"
    sweep(folder.absolute().parent)
    if not path.is_file():
        raise EdgecError(
            "not-an-output",
            "this is no output folder of `edgec build` (it has no report.json)",
            place=Place(str(folder)),
            help="build first: edgec build MODEL --board BOARD",
        )
    report = read_json(path)
    _check_form(report, {"schema": REPORT["schema"]}, path)
    if report["schema"] != _SCHEMA:
        raise _damaged(folder, f"report schema {report['schema']} is not {_SCHEMA}")
    _check_form(report, REPORT, path)
    check_figures(report, path)
    model = report["model"]
    try:
        if not _NAME.fullmatch(model["name"]):
            raise _damaged(folder, f"report.json names a model {model['name']!r}")
        ports = [[PortInfo.from_json(each) for each in model[key]] for key in ("inputs", "outputs")]
    except (ValueError, TypeError) as error:
        raise _damaged(path, f"its inputs and outputs make no sense: {error}") from None
    return OutputInfo(folder, report, str(model["name"]), ports[0], ports[1])


def read_json(path: Path) -> Any:
    """Return what is in a report.json, of whatever form; ``damaged-output``."""
    try:
        return json.loads(read_limited(path, _MAX_BYTES).decode("utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise _damaged(path, f"it cannot be read: {error}") from None


def check_figures(report: Any, path: Path) -> None:
    """Raise ``damaged-output`` where a report lacks what can be compared."""
    _check_form(report, FIGURES, path)


def _check_form(report: Any, form: Form, path: Path) -> None:
    problem = next(form_problems(report, form), None)
    if problem is not None:
        raise _damaged(path, f"it is no report of edgec, or damaged: {problem}")


def _older(built: OutputInfo) -> EdgecError:
    version = built.report.get("edgec_version", "an older version")
    return EdgecError(
        "older-output",
        f"edgec {version} built this folder and left no {built.name}{SUFFIX} in it, which holds "
        "what the firmware computes",
        place=Place(str(built.folder)),
        help="build again; `edgec test`, `edgec run` and `edgec compare` work all the same where "
        "they need the firmware and its golden vectors only",
    )


def _damaged(place: Path, message: str) -> EdgecError:
    return EdgecError("damaged-output", message, place=Place(str(place)), help="build again")


def check_output_folder(folder: Path) -> None:
    """Raise before any work where a build could not, or should not, put its output.

    Errors: ``unwritable-output``; ``output-in-use`` where the folder holds what edgec did not make.
    """
    real = real_place(folder)
    parent = next(each for each in (*real.parents, real) if each.exists())
    if (
        not parent.is_dir()
        or not os.access(parent, os.W_OK)
        or (real.exists() and not real.is_dir())
    ):
        blocked = parent if not parent.is_dir() else real
        reason = "permission denied" if blocked.is_dir() else f"{blocked} is a file"
        raise EdgecError(
            "unwritable-output",
            f"cannot write the output: {reason}",
            place=Place(str(folder)),
            help="choose another place with -o, or make this one writable",
        )
    if real == Path.cwd() or (_has_content(folder) and not _is_ours(folder)):
        raise EdgecError(
            "output-in-use",
            "a build replaces its output folder, and this one is not edgec's",
            place=Place(str(folder)),
            help=f"name a new folder, for instance -o {quote(str(folder / 'edgec_out'))}",
        )


def _has_content(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _is_ours(folder: Path) -> bool:
    return (folder / "report.json").is_file() and (folder / BOARD_COPY).is_file()
