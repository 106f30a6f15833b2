"""``edgec matrix``: models x boards in one table."""

from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Annotated

import typer

from edgec.cli.shared_options import Json, Kernels, Verbose
from edgec.cli.terminal import add_row, plain, print_json, print_text, progress, results, table
from edgec.driver.run.matrix import DEFAULT_OUTPUT, ERROR, FAILED, PASSED, Cell, MatrixOptions
from edgec.driver.run.matrix import matrix as run_matrix
from edgec.errors import ExitCode

_NUMBERS = ("RAM", "flash", "instructions", "ms")


def matrix(
    models: Annotated[list[Path], typer.Argument(help="ONNX or TFLite files.", show_default=False)],
    *,
    boards: Annotated[
        list[str], typer.Option("--boards", "-b", help="Boards: names or files, a comma between.")
    ],
    calib: Annotated[
        Path | None, typer.Option("--calib", help="Samples; or a folder with <model>.npz.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for all outputs.")
    ] = DEFAULT_OUTPUT,
    kernels: Kernels = "auto",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", help="Cells at a time. [all processors]", min=0)
    ] = 0,
    backend: Annotated[
        str, typer.Option("--backend", help="Of joblib: loky, multiprocessing, threading, dask.")
    ] = "loky",
    scheduler: Annotated[
        str, typer.Option("--scheduler", metavar="ADDRESS", help="Dask's, for --backend dask.")
    ] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Also redo finished cells.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Build and test many models on many boards."""
    names = [name.strip() for each in boards for name in each.split(",") if name.strip()]
    options = MatrixOptions(
        output=output,
        calib=calib,
        kernels=kernels,
        jobs=jobs,
        backend=backend,
        scheduler=scheduler,
        fresh=fresh,
    )
    with progress(quiet=json) as drawn:
        cells = run_matrix(models, names, options, drawn)
    if json:
        print_json({"cells": [asdict(cell) for cell in cells], **_counts(cells)})
    elif markdown:
        print_text(_markdown(cells))
    else:
        _show(cells)
    states = {cell.state for cell in cells}
    if FAILED in states:
        raise typer.Exit(int(ExitCode.MISMATCH))
    if ERROR in states:
        raise typer.Exit(int(ExitCode.MODEL))


def _counts(cells: list[Cell]) -> dict[str, int]:
    states = (PASSED, FAILED, ERROR)
    return {state: sum(cell.state == state for cell in cells) for state in states}


def _show(cells: list[Cell]) -> None:
    made = table("model", "board", "state", *_NUMBERS, "problem", numbers=_NUMBERS)
    for cell in cells:
        add_row(made, *_row(cell))
    results().print(made)
    counts = ", ".join(f"{count} {state}" for state, count in _counts(cells).items())
    resumed = sum(cell.resumed for cell in cells)
    results().print(f"\n{counts}" + (f"; {resumed} from an earlier run" if resumed else ""))


def _row(cell: Cell) -> tuple[object, ...]:
    time = None if cell.milliseconds is None else f"{cell.milliseconds:.2f}"
    numbers = (cell.ram_bytes, cell.flash_bytes, cell.instructions, time)
    return (cell.model, cell.board, cell.state, *numbers, cell.problem)


def _markdown(cells: list[Cell]) -> str:
    lines = [
        "| model | board | state | RAM | flash | instructions | ms | problem |",
        "|---|---|---|---:|---:|---:|---:|---|",
    ]
    for cell in cells:
        texts = [_cell_text(each).replace("|", "\\|").replace("\n", " ") for each in _row(cell)]
        lines.append(f"| {' | '.join(texts)} |")
    return "\n".join(lines)


def _cell_text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else escape(plain(value), quote=False)
