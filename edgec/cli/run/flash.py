"""``edgec flash``: a build onto its board."""

import shlex
from typing import Annotated, Any

import typer
from rich.text import Text

from edgec.cli.shared_options import Json, OutFolder, Verbose
from edgec.cli.terminal import plain, print_json, progress, results
from edgec.driver.run.flash import FlashResult
from edgec.driver.run.flash import flash as flash_build
from edgec.firmware.flash_tools import TOOL_NAMES


def flash(
    out: OutFolder,
    *,
    tool: Annotated[
        str, typer.Option("--tool", help=f"{', '.join(TOOL_NAMES)}. [first that is installed]")
    ] = "",
    port: Annotated[
        str, typer.Option("--port", help="Serial port of the board: waits for its self-test.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the commands, run nothing.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write the firmware to its board and verify it."""
    with progress(quiet=json) as drawn:
        result = flash_build(out, tool, port, drawn, dry_run=dry_run)
    if json:
        print_json(_document(result, dry_run=dry_run))
    else:
        _show(result, dry_run=dry_run)


def _document(result: FlashResult, *, dry_run: bool) -> dict[str, Any]:
    test = result.self_test
    return {
        "board": result.board,
        "tool": result.plan.tool,
        "commands": [list(each) for each in result.plan.commands],
        "written": not dry_run,
        "self_test": None if test is None else {"passed": test.passed, "cycles": test.ticks},
    }


def _show(result: FlashResult, *, dry_run: bool) -> None:
    console = results()
    if dry_run:
        for each in result.plan.commands:
            console.print(Text(plain(shlex.join(each))), soft_wrap=True)
        return
    console.print(Text(f"{plain(result.board)} written and verified with {result.plan.tool}"))
    if result.self_test is not None:
        ticks = result.self_test.ticks
        took = f"{ticks:,} cycles, {1e3 * ticks / result.clock_hz:.2f} ms per inference"
        console.print(Text(f"self-test: PASS, {took}", style="bold green"))
