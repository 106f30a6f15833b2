"""``edgec check`` of several files or of folders: one table, or one document."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

from edgec.cli.failures import problem_json
from edgec.cli.terminal import add_row, plain, print_json, progress, results, table
from edgec.driver.compile.check_many import (
    Blocker,
    FileCheck,
    blockers,
    check_many,
    counts,
    model_files,
)
from edgec.errors import EdgecError, ExitCode

_NUMBERS = ("arena", "constants")
_STYLE = {True: "green", False: "red"}


def is_many(paths: Sequence[Path]) -> bool:
    """Tell whether these are several files, or a folder that may hold some."""
    return len(paths) > 1 or paths[0].is_dir()


def check_several(
    paths: Sequence[Path],
    board: str,
    kernels: str,
    cmsis_nn: str,
    *,
    of_one_model: Mapping[str, object],
    allow_poor: bool,
    json: bool,
) -> None:
    """Check all, print what came of each, end with the worst exit code.

    ``of_one_model`` has options that only make sense for one model: ``invalid-option`` where set.
    """
    for option, value in of_one_model.items():
        if value:
            raise EdgecError(
                "invalid-option",
                f"{option} is about one model, and these are several",
                help=f"check the file that {option} is for alone",
                exit_code=ExitCode.USAGE,
            )
    files = model_files(paths)
    with progress(quiet=json) as drawn:
        answers = check_many(files, board, kernels, cmsis_nn, allow_poor=allow_poor, progress=drawn)
    if json:
        print_json(_document(answers))
    else:
        _show(answers)
    worst = max((each.exit_code for each in answers), default=ExitCode.OK)
    if worst:
        raise typer.Exit(int(worst))


def _document(answers: Sequence[FileCheck]) -> dict[str, Any]:
    return {
        "models": [_file(each) for each in answers],
        "counts": counts(answers),
        "blockers": [
            {"what": each.what, "files": each.files, "alone": each.alone}
            for each in blockers(answers)
        ],
    }


def _file(answer: FileCheck) -> dict[str, Any]:
    return {
        "file": str(answer.file),
        "source": answer.source,
        "state": answer.state,
        "supported": answer.result is not None and answer.result.program is not None,
        "arena_bytes": _arena(answer),
        "weights_bytes": _constants(answer),
        "exit_code": int(answer.exit_code),
        "problems": [problem_json(each) for each in answer.problems],
        "warnings": list(answer.result.warnings) if answer.result else [],
    }


def _arena(answer: FileCheck) -> int | None:
    memory = answer.result.memory if answer.result else None
    return memory.size if memory else None


def _constants(answer: FileCheck) -> int | None:
    flash = answer.result.flash if answer.result else None
    return flash.weights if flash else None


def _show(answers: Sequence[FileCheck]) -> None:
    made = table("model", "state", *_NUMBERS, "problem", numbers=_NUMBERS)
    for each in answers:
        numbers = (_arena(each), _constants(each))
        add_row(made, str(each.file), each.state, *numbers, _problem(each))
    made.columns[0].no_wrap = True  # a path that is cut in two is hard to copy
    console = results()
    console.print(made)
    found = blockers(answers)
    if found:
        console.print()
        console.print(_blocker_table(found))
    states = ", ".join(f"{count} {state}" for state, count in counts(answers).items() if count)
    style = f"bold {_STYLE[not found]}"
    console.print(Text(f"\n{len(answers)} files: {states}", style=style))


def _blocker_table(found: Sequence[Blocker]) -> Any:
    made = table("what stops files", "files", "nothing else", numbers=("files", "nothing else"))
    for each in found:
        add_row(made, each.what, each.files, each.alone)
    return made


def _problem(answer: FileCheck) -> str:
    """Return the first problem in a line, and how many more there are."""
    if not answer.problems:
        return ""
    first, *more = answer.problems
    text = f"{first.code}: {plain(first.message)}"
    return f"{text} (and {len(more)} more)" if more else text
