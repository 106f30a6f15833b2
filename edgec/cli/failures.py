"""How a command ends when it does not end well: messages, JSON errors, exit codes."""

import os
import platform
import shlex
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Any

import typer
from rich.text import Text

from edgec import __version__
from edgec.cli.terminal import plain, print_json, talk
from edgec.errors import EdgecError, ExitCode, Place

ISSUES = "the project's issue tracker"
DEBUG = "EDGEC_DEBUG"


def report(error: EdgecError, *, as_json: bool) -> int:
    """Print what the user can solve; return the exit code."""
    if as_json:
        print_json({"error": [problem_json(each) for each in error.problems()]})
    else:
        print_problems(error.problems())
    return int(error.exit_code)


def print_problems(problems: Sequence[EdgecError]) -> None:
    """Print problems to stderr in the form ``error[code]: message --> place, note, help``."""
    console = talk()
    for number, problem in enumerate(problems):
        if number:
            console.print()
        console.print(_styled(problem), soft_wrap=True)
    codes = [each.code for each in problems if each.exit_code is not ExitCode.USAGE]
    if codes:
        console.print(f"\nMore about it: edgec explain {codes[0]}", style="dim")


def problem_json(problem: EdgecError) -> dict[str, Any]:
    """Return one problem as JSON values."""
    return {
        "code": problem.code,
        "message": problem.message,
        "place": {"file": problem.place.file, "inside": problem.place.inside},
        "help": problem.help,
        "notes": list(problem.notes),
    }


def report_bug(error: BaseException, arguments: Sequence[str], *, as_json: bool) -> int:
    """Say that edgec is at fault and how to report it; the traceback goes to a file."""
    command = shlex.join(["edgec", *arguments])
    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    text = _bug_text(error, command)
    problem = EdgecError(
        "bug",
        f"edgec failed in a way it should not: {plain(summary)}",
        help=f"please report it to {ISSUES}, with the details and the model if you can share it",
        notes=[f"the command was: {plain(command)}", f"details: {_keep(text)}"],
        exit_code=ExitCode.BUG,
    )
    return report(problem, as_json=as_json)


def end_if(missed: EdgecError | None) -> None:
    """End a command that has done its work, but misses a limit: on stderr, stdout has the work."""
    if missed is not None:
        print_problems([missed])
        raise typer.Exit(int(missed.exit_code))


def system_problem(error: OSError | MemoryError) -> EdgecError:
    """Return the error for what the system refused, where nothing nearer had words for it."""
    if isinstance(error, MemoryError):
        reason, file = str(error) or "there is no memory left", ""
    else:
        reason, file = error.strerror or str(error), _text(error.filename)
    return EdgecError(
        "system-refused",
        f"the system refused: {reason}",
        place=Place(file),
        help="is the disk full, a path too long, a limit reached (ulimit -a, df)? Nothing that was "
        "there before was changed",
        exit_code=ExitCode.TOOL,
    )


def show_when_debugging(error: BaseException) -> None:
    """Print the traceback of an error where users ask for it."""
    if os.environ.get(DEBUG) == "1":
        sys.stderr.write("".join(traceback.format_exception(error)))


def _text(name: object) -> str:
    return "" if name is None else os.fsdecode(name) if isinstance(name, bytes) else str(name)


def _styled(problem: EdgecError) -> Text:
    head, *rest = str(problem).splitlines()
    marker = f"error[{problem.code}]:"
    text = Text(marker, style="bold red")
    text.append(plain(head.removeprefix(marker)), style="bold")
    for line in rest:
        key = next((each for each in ("-->", "note:", "help:") if line[2:].startswith(each)), "")
        text.append("\n  ")
        text.append(key, style="cyan")
        text.append(plain(line[2 + len(key) :]))
    return text


def _bug_text(error: BaseException, command: str) -> str:
    about = [
        f"command: {command}",
        f"edgec {__version__}, Python {platform.python_version()}, {platform.platform()}",
        "",
    ]
    return "\n".join(about) + "".join(traceback.format_exception(error))


def _keep(text: str) -> str:
    """Return where the details are: on stderr when debugging, else in a new file."""
    if os.environ.get(DEBUG) == "1":
        sys.stderr.write(text)
        return "above"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="edgec-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError:
        return f"run it again with {DEBUG}=1"
    return file.name
