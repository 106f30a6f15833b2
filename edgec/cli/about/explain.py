"""``edgec explain CODE``: the page of an error code."""

import difflib
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from edgec.cli.reports.markdown import errors_page
from edgec.cli.shared_options import Json
from edgec.cli.terminal import add_row, print_json, print_text, results, table
from edgec.error_catalog import CATALOG, ErrorPage
from edgec.errors import EdgecError, ExitCode


def explain(
    code: Annotated[str, typer.Argument(help="An error code. [lists all]")] = "",
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/errors.md.", hidden=True)
    ] = False,
    json: Json = False,
) -> None:
    """Explain an error code: what it means, what causes it, what to do."""
    if markdown:
        print_text(errors_page())
    elif not code:
        _list(as_json=json)
    elif json:
        print_json(asdict(_page(code)))
    else:
        _show(_page(code))


def _page(code: str) -> ErrorPage:
    """Return the page; forgives the way the code stands in a message: ``error[code]:``."""
    wanted = code.strip().removeprefix("error").strip("[]: ")
    if wanted in CATALOG:
        return CATALOG[wanted]
    near = difflib.get_close_matches(wanted, CATALOG, n=1, cutoff=0.4)
    hint = f"did you mean `edgec explain {near[0]}`?" if near else ""
    raise EdgecError(
        "unknown-code",
        f"there is no error code {wanted!r}",
        help=hint or "`edgec explain` lists all codes",
        exit_code=ExitCode.USAGE,
    )


def _list(*, as_json: bool) -> None:
    if as_json:
        print_json({"codes": [asdict(page) for page in CATALOG.values()]})
        return
    made = table("code", "title")
    for page in CATALOG.values():
        add_row(made, page.code, page.title)
    results().print(made)


def _show(page: ErrorPage) -> None:
    console = results()
    console.print(Text(f"{page.code}: {page.title}\n", style="bold"))
    console.print(Text(page.meaning))
    console.print(Text("\nExample", style="bold"))
    console.print(Text(page.example))
    console.print(Text("\nWhat to do", style="bold"))
    console.print(Text(page.remedy))
