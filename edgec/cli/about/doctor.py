"""``edgec doctor``: what is installed, what is missing, how to get it."""

from typing import Any

import typer
from rich.text import Text

from edgec.cli.shared_options import Json
from edgec.cli.terminal import add_row, plain, print_json, results, table
from edgec.driver.about.doctor import Finding, examine
from edgec.errors import ExitCode


def doctor(*, json: Json = False) -> None:
    """Check Python, packages, CMSIS-NN, compilers and the emulator."""
    findings = examine()
    missing = [each for each in findings if each.needed and not each.ok]
    if json:
        print_json({"ok": not missing, "findings": [_document(each) for each in findings]})
    else:
        _show(findings, missing)
    if missing:
        raise typer.Exit(int(ExitCode.TOOL))


def _show(findings: list[Finding], missing: list[Finding]) -> None:
    console = results()
    made = table("", "what", "version", "where, or how to get it")
    for each in findings:
        add_row(made, _mark(each), each.name, each.version or None, each.detail)
    console.print(made)
    if missing:
        names = ", ".join(each.name for each in missing)
        console.print(Text(f"\nmissing: {plain(names)}", style="bold red"))
    else:
        console.print(Text("\nall that edgec needs is here", style="bold green"))


def _mark(finding: Finding) -> str:
    if finding.ok:
        return "ok"
    return "MISSING" if finding.needed else "optional"


def _document(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "ok": finding.ok,
        "needed": finding.needed,
        "version": finding.version,
        "detail": finding.detail,
    }
