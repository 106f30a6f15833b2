"""``edgec compare``: two builds in one table, and an exit code for pull requests."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from edgec.cli.shared_options import Json, Verbose
from edgec.cli.terminal import add_row, plain, print_json, print_text, results, table, talk
from edgec.driver.reports.compare import Comparison, Row
from edgec.driver.reports.compare import compare as compare_builds
from edgec.errors import ExitCode


def compare(
    old: Annotated[Path, typer.Argument(help="A build, or its report.json.")],
    new: Annotated[Path, typer.Argument(help="The build to compare with it.")],
    *,
    fail_if: Annotated[
        str, typer.Option("--fail-if", help="Limits: 'instructions>+1%,ram>0,accuracy<-0.005'.")
    ] = "",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a table for a pull request.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare two builds: size, RAM, instructions, accuracy."""
    result = compare_builds(old, new, fail_if)
    if json:
        print_json(_document(result))
    elif markdown:
        print_text(_markdown(result))
        _show_unjudged(result)
    else:
        _show(result)
    if result.failed or result.unjudged:
        raise typer.Exit(int(ExitCode.MISMATCH))


def _document(result: Comparison) -> dict[str, Any]:
    rows = [
        {
            "metric": row.metric,
            "old": row.old,
            "new": row.new,
            "change": row.change,
            "change_percent": row.percent,
            **_measured_by(row),
        }
        for row in result.rows
    ]
    return {
        "rows": rows,
        "failed": [limit.text for limit in result.failed],
        "unjudged": [{"limit": each.limit.text, "why": each.why} for each in result.unjudged],
    }


def _measured_by(row: Row) -> dict[str, Any]:
    """Return what the row of the accuracy says besides."""
    if row.metric != "accuracy":
        return {}
    old, new = row.by
    return {"by_old": old, "by_new": new, "higher_is_better": row.higher_is_better}


def _show(result: Comparison) -> None:
    made = table("metric", "old", "new", "change", "", numbers=("old", "new", "change", ""))
    for row in result.rows:
        add_row(made, *_cells(row))
    results().print(made)
    for limit in result.failed:
        talk().print(Text(f"limit exceeded: {limit.text}", style="red"))
    _show_unjudged(result)


def _show_unjudged(result: Comparison) -> None:
    for each in result.unjudged:
        text = f"limit cannot be judged: {each.limit.text}: {each.why}"
        talk().print(Text(text, style="red"), soft_wrap=True)


def _markdown(result: Comparison) -> str:
    failed = {limit.metric for limit in result.failed}
    lines = ["| metric | old | new | change | |", "|---|---:|---:|---:|---:|"]
    for row in result.rows:
        metric, *cells = _cells(row)
        metric = metric.replace("|", "\\|")
        name = f"**{metric}** (limit exceeded)" if row.metric in failed else metric
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    percent = "" if row.percent is None else f"{row.percent:+.2f} %"
    return [_title(row), _number(row.old), _number(row.new), _number(row.change, "+"), percent]


def _title(row: Row) -> str:
    """Return the metric, and what an accuracy was measured by."""
    known = [plain(each) for each in dict.fromkeys(row.by) if each is not None]
    if not known:
        return row.metric
    lower = ", lower is better" if row.higher_is_better is False else ""
    return f"{row.metric} ({' -> '.join(known)}{lower})"


def _number(value: float | None, sign: str = "") -> str:
    if value is None:
        return "-"
    return f"{value:{sign},}" if isinstance(value, int) else f"{value:{sign},.4f}"
