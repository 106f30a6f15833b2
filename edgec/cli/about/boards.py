"""``edgec boards``: which boards there are, and one of them in detail."""

from typing import Annotated, Any

import typer

from edgec.cli.group import Commands
from edgec.cli.reports.markdown import boards_page
from edgec.cli.shared_options import Json
from edgec.cli.terminal import add_row, plain, print_json, print_text, results, table
from edgec.targets.board import Board, board_names, load_board

app = typer.Typer(
    cls=Commands,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="List the boards, or show one.",
)


@app.callback()
def boards(ctx: typer.Context, *, json: Json = False) -> None:
    """List the boards, or show one."""
    if ctx.invoked_subcommand is None:
        _list(as_json=json)


@app.command("list")
def list_boards(
    *,
    json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/boards.md.", hidden=True)
    ] = False,
) -> None:
    """List all boards."""
    if markdown:
        print_text(boards_page())
    else:
        _list(as_json=json)


@app.command("show")
def show(
    board: Annotated[str, typer.Argument(help="A board's name, or a board.toml.")],
    *,
    json: Json = False,
) -> None:
    """Show one board."""
    found = load_board(board)
    if json:
        print_json(_document(found))
    else:
        _show(found)


def _list(*, as_json: bool) -> None:
    all_of = [load_board(name) for name in board_names()]
    if as_json:
        print_json({"boards": [_document(each) for each in all_of]})
        return
    made = table(
        "board", "alias", "cpu", "flash", "RAM", "emulated by", "what", numbers=("flash", "RAM")
    )
    for each in all_of:
        flash, ram = f"{each.flash_bytes // 1024:,} KB", f"{each.ram_bytes // 1024:,} KB"
        aliases = ", ".join(each.aliases) or None
        add_row(made, each.id, aliases, each.cpu, flash, ram, emulated_by(each), each.name)
    results().print(made)


def emulated_by(board: Board) -> str | None:
    """Return QEMU's machine for a board, or the board that stands in for it."""
    if board.emulator is not None:
        return board.emulator.machine
    return f"twin {board.twin}" if board.twin else None


def _show(board: Board) -> None:
    console = results()
    console.print(plain(f"{board.id}: {board.name}"), style="bold")
    about = table("", "")
    about.show_header = False
    add_row(about, "aliases", ", ".join(board.aliases) or None)
    add_row(about, "cpu", f"{board.cpu} ({board.core.isa}), {board.clock_hz:,} Hz")
    add_row(about, "console", board.console.driver)
    add_row(about, "emulated by", emulated_by(board))
    console.print(about)
    console.print()
    memory = table("memory", "from", "bytes", "holds", numbers=("bytes",))
    for each in board.memory:
        add_row(memory, each.name, f"0x{each.origin:08x}", each.size, ", ".join(each.holds))
    console.print(memory)


def _document(board: Board) -> dict[str, Any]:
    return {
        "id": board.id,
        "name": board.name,
        "aliases": list(board.aliases),
        "cpu": board.cpu,
        "isa": board.core.isa,
        "clock_hz": board.clock_hz,
        "flash_bytes": board.flash_bytes,
        "ram_bytes": board.ram_bytes,
        "memory": [
            {"name": m.name, "origin": m.origin, "size": m.size, "holds": list(m.holds)}
            for m in board.memory
        ],
        "console": board.console.driver,
        "machine": board.emulator.machine if board.emulator else None,
        "twin": board.twin or None,
    }
