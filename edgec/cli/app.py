"""The table of commands, and the one place where their errors become exit codes."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import numpy as np
import typer
from typer.main import get_command

from edgec import __version__
from edgec.cli.about import boards, doctor, dump, explain, inspect, ops
from edgec.cli.compile import build, check
from edgec.cli.compile import quantize_file as quantize
from edgec.cli.ending import EndedError, ends_tidily, raise_if_told
from edgec.cli.failures import report, report_bug, show_when_debugging, system_problem
from edgec.cli.group import Commands
from edgec.cli.reports import compare
from edgec.cli.run import eval as evaluate
from edgec.cli.run import flash, matrix, profile, regression, run
from edgec.cli.shared_options import Verbose
from edgec.cli.terminal import any_character
from edgec.errors import EdgecError, ExitCode

_INTERRUPTED = 130
_UsageError: type[Any] = typer.BadParameter.__mro__[2]  # ClickException, wherever typer keeps it

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Compile trained neural networks (ONNX, TFLite) to C firmware for Cortex-M.",
    epilog="Start with: edgec build MODEL --board stm32",
)
app.command("build")(build.build)
app.command("check")(check.check)
app.command("run")(run.run)
app.command("test")(regression.regression)
app.command("eval")(evaluate.evaluate)
app.command("quantize")(quantize.quantize)
app.command("compare")(compare.compare)
app.command("matrix")(matrix.matrix)
app.command("profile")(profile.profile)
app.command("flash")(flash.flash)
app.command("inspect")(inspect.inspect)
app.add_typer(boards.app, name="boards")
app.command("ops")(ops.ops)
app.command("doctor")(doctor.doctor)
app.command("explain")(explain.explain)
app.command("dump")(dump.dump)


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"edgec {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Compile trained neural networks (ONNX, TFLite) to C firmware for Cortex-M."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code and never raises what a command may raise."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        with ends_tidily(), any_character():
            code = _dispatch(given, as_json=as_json)
            sys.stdout.flush()
    except EndedError as ended:
        return ended.exit_code
    except BrokenPipeError:
        _forget_stdout()
        return int(ExitCode.OK)
    except OSError as error:  # /dev/full, a full disk behind `>`
        _forget_stdout()
        with suppress(OSError):
            report(system_problem(error), as_json=False)
        return int(ExitCode.TOOL)
    return code


def _dispatch(arguments: list[str], *, as_json: bool) -> int:
    try:
        with np.errstate(all="ignore"):  # what overflows is looked for, not warned of
            result = get_command(app).main(arguments, prog_name="edgec", standalone_mode=False)
    except EdgecError as error:
        return report(error, as_json=as_json)
    except _UsageError as error:
        return _usage(error, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED
    except BrokenPipeError:
        raise
    except (OSError, MemoryError) as error:
        show_when_debugging(error)
        return report(system_problem(error), as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the last line of defence
        raise_if_told()
        return report_bug(error, arguments, as_json=as_json)
    return result if isinstance(result, int) else int(ExitCode.OK)


def _usage(error: Any, *, as_json: bool) -> int:
    """Report what the command line parser refused; a bare command prints its help."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "edgec"
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stdout.write(message + "\n")
        return int(ExitCode.USAGE)
    problem = EdgecError(
        "usage",
        message.rstrip("."),
        help=f"`{path} --help` shows what it takes",
        exit_code=ExitCode.USAGE,
    )
    return report(problem, as_json=as_json)


def _forget_stdout() -> None:
    """Point stdout at nothing, so that Python's last flush does not complain."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
