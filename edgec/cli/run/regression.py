"""``edgec test``: the firmware against its reference, byte for byte."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from edgec.cli.compile.quality_lines import alone_text
from edgec.cli.shared_options import Json, On, OutFolder, Verbose
from edgec.cli.terminal import plain, print_json, print_warnings, progress, results
from edgec.driver import RegressionResult, run_regression
from edgec.driver.compile.labelled import figure_json
from edgec.driver.reports.junit import layer_text, mismatch_text, write_junit
from edgec.driver.run.regression import Mismatch
from edgec.driver.run.run import DEFAULT_TIMEOUT
from edgec.errors import ExitCode


def regression(
    out: OutFolder,
    *,
    data: Annotated[
        Path | None, typer.Option("--data", help="Samples, with labels or not. [golden.npz]")
    ] = None,
    on: On = "emulator",
    layers: Annotated[
        bool, typer.Option("--layers", help="Name the first layer that differs.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML for CI.")
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds that one run may take.", min=0.1)
    ] = DEFAULT_TIMEOUT,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare the firmware with its reference, byte for byte."""
    with progress(quiet=json) as drawn:
        result = run_regression(out, data, on, drawn, layers=layers, timeout=timeout)
    if junit is not None:
        write_junit(junit, result, out)
    print_warnings(result.warnings)
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
        "layer": None if result.layer is None else asdict(result.layer),
        "accuracy": result.accuracy.quantized if result.accuracy else None,
        "accuracies": [figure_json(each) for each in result.accuracies],
        "instructions": result.instructions,
        "warnings": list(result.warnings),
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
        console.print(Text(plain(f"first: {mismatch_text(result.first)}")), soft_wrap=True)
    if result.layer is not None:
        console.print(Text(plain(layer_text(result.layer))), soft_wrap=True)
    for each in result.accuracies:
        console.print(Text(alone_text(figure_json(each), result.samples)), soft_wrap=True)
    if result.instructions:
        mean = sum(result.instructions) / len(result.instructions)
        console.print(f"{mean:,.0f} instructions per inference")
