"""``edgec test``: the firmware against its reference, byte for byte."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from edgec.cli.options import Json, On, OutFolder, Verbose
from edgec.cli.terminal import plain, print_json, progress, results
from edgec.driver import RegressionResult, run_regression
from edgec.driver.execute import Mismatch
from edgec.errors import ExitCode


def regression(
    out: OutFolder,
    *,
    data: Annotated[
        Path | None, typer.Option("--data", help="Samples, with labels or not. [golden.npz]")
    ] = None,
    on: On = "emulator",
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare the firmware with its reference, byte for byte."""
    with progress(quiet=json) as drawn:
        result = run_regression(out, data, on, drawn)
    if json:
        print_json(_document(result))
    else:
        _show(result)
    if result.mismatches:
        raise typer.Exit(int(ExitCode.MISMATCH))


def _document(result: RegressionResult) -> dict[str, Any]:
    first = result.first
    return {
        "samples": result.samples,
        "mismatches": result.mismatches,
        "first": None if first is None else _mismatch(first),
        "accuracy": result.accuracy,
        "instructions": result.instructions,
    }


def _mismatch(first: Mismatch) -> dict[str, Any]:
    return {
        "sample": first.sample,
        "output": first.output,
        "index": list(first.index),
        "expected": first.expected,
        "actual": first.actual,
    }


def _show(result: RegressionResult) -> None:
    console = results()
    if result.mismatches:
        verdict = f"{result.mismatches} of {result.samples} samples differ from the reference"
        console.print(Text(f"FAILED: {verdict}", style="bold red"))
    else:
        text = f"passed: all {result.samples} samples equal the reference, byte for byte"
        console.print(Text(text, style="bold green"))
    if result.first is not None:
        console.print(Text(_sentence(result.first)))
    if result.accuracy is not None:
        console.print(f"accuracy {result.accuracy:.2%} over {result.samples} labelled samples")
    if result.instructions:
        mean = sum(result.instructions) / len(result.instructions)
        console.print(f"{mean:,.0f} instructions per inference")


def _sentence(first: Mismatch) -> str:
    index = ", ".join(map(str, first.index))
    return (
        f"first: sample {first.sample}, output {plain(first.output)}[{index}] "
        f"is {first.actual}, expected {first.expected}"
    )
