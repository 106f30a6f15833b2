"""``edgec eval``: float against quantized, the outputs and every layer."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from edgec.cli.compile.quality_lines import details, figure_text
from edgec.cli.compile.quantization_options import (
    Calib,
    Calibration,
    Effort,
    MaxDrop,
    Metric,
    ModelFile,
    Prune,
    QuantizeTo,
    Shape,
    StateOf,
)
from edgec.cli.compile.width_table import show_groups, show_widths
from edgec.cli.failures import end_if
from edgec.cli.shared_options import Json, Verbose
from edgec.cli.terminal import (
    add_row,
    decibels,
    plain,
    print_json,
    print_warnings,
    progress,
    results,
    short,
    table,
)
from edgec.driver.compile.labelled import accuracies_json, accuracy_json, agreement_json
from edgec.driver.options import BuildOptions
from edgec.driver.run.deployed import BOARD, Deployed
from edgec.driver.run.eval import EvalResult, evaluate_model
from edgec.driver.run.run import PLACES
from edgec.errors import ExitCode
from edgec.frontends.shapes import joined
from edgec.quantization.quality.evaluation import Evaluation

_WORST = 5


def evaluate(
    model: ModelFile,
    *,
    data: Annotated[Path, typer.Option("--data", help="Samples (.npz), with `label` if known.")],
    calib: Calib = "",
    calibration: Calibration = "auto",
    quantize: QuantizeTo = "",
    effort: Effort = "best",
    max_drop: MaxDrop = "",
    metric: Metric = "",
    prune: Prune = "",
    shape: Shape = None,
    state: StateOf = "",
    on: Annotated[
        str, typer.Option("--on", help=f"Run all samples in firmware too: {' or '.join(PLACES)}.")
    ] = "",
    board: Annotated[
        str, typer.Option("--board", "-b", help=f"The board for --on. [{BOARD}]")
    ] = "",
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare the quantized model with the float one: accuracy, SQNR, weak layers."""
    options = BuildOptions(
        model=model,
        calib=calib,
        calibration=calibration,
        quantize=quantize,
        effort=effort,
        max_drop=max_drop,
        metric=metric,
        prune=prune,
        shape=joined(shape),
        state=state,
        board=board,
    )
    with progress(quiet=json) as drawn:
        result = evaluate_model(options, data, drawn, on)
    print_warnings(result.warnings, result.remarks)
    if json:
        print_json(_document(result))
    else:
        _show(result)
    if result.deployed is not None and result.deployed.mismatches:
        raise typer.Exit(int(ExitCode.MISMATCH))
    end_if(result.missed)


def _document(result: EvalResult) -> dict[str, Any]:
    found = result.evaluation
    return {
        "samples": found.samples,
        "scheme": result.scheme,
        "accuracy": accuracy_json(found),
        "accuracies": accuracies_json(found),
        "agreement": agreement_json(found),
        "top1_agreement": found.top1_agreement,
        "output_sqnr_db": found.output_sqnr_db,
        "worst_part_sqnr_db": found.worst_sqnr_db,
        "parts": [each.to_json() for each in found.parts],
        "layers": [
            {
                "name": each.name,
                "type": each.dtype.value,
                "sqnr_db": each.sqnr_db,
                "hint": each.hint,
            }
            for each in found.layers
        ],
        "max_drop": result.verdict.to_json() if result.verdict else None,
        "widths": result.widths.to_json() if result.widths else None,
        "on": asdict(result.deployed) if result.deployed else None,
        "warnings": list(result.warnings),
    }


def _show(result: EvalResult) -> None:
    found, console = result.evaluation, results()
    console.print(Text(f"{found.samples} samples, {result.scheme}\n", style="bold"))
    for figure in accuracies_json(found):
        console.print(Text(figure_text(figure)), soft_wrap=True)
        for line in details(figure):
            console.print(Text(f"    {line}"), soft_wrap=True)
    if found.agreement is not None:
        title = f"same {found.agreement.title} as float"
        console.print(f"{title}  {found.agreement.share:.2%}")
        if not found.accuracies:
            console.print(Text(f"    {plain(found.agreement.why)}"), soft_wrap=True)
    if found.output_sqnr_db is not None:
        console.print(f"output SQNR  {decibels(found.output_sqnr_db)}")
    for part in found.before_final:
        console.print(Text(f"             {part.sqnr_db:.1f} dB: {part}"), soft_wrap=True)
    _show_worst_part(console, found)
    if result.deployed is not None:
        _show_deployed(console, result.deployed)
    widths = result.widths.to_json() if result.widths else None
    show_widths(console, widths)
    show_groups(console, widths)
    if found.layers:
        console.print(Text("\nweakest layers", style="bold"))
        rows = table("layer", "type", "SQNR", "likely cause", numbers=("SQNR",))
        for each in found.worst(_WORST):
            level = decibels(each.sqnr_db)
            add_row(rows, short(each.name), each.dtype.value, level, each.hint or None)
        console.print(rows)


def _show_worst_part(console: Console, found: Evaluation) -> None:
    worst = found.worst_part
    if worst is not None and sum(each.judged for each in found.parts) > 1:
        console.print(Text(f"worst part   {worst.sqnr_db:.1f} dB: {worst}"), soft_wrap=True)


def _show_deployed(console: Console, found: Deployed) -> None:
    where = f"{found.board}, {plain(found.place)}"
    if found.mismatches:
        text = f"{where}: {found.mismatches} of {found.samples} samples differ from these figures'"
        console.print(Text(f"FAILED: {text} reference", style="bold red"), soft_wrap=True)
    else:
        text = f"{where}: all {found.samples} samples give these figures' bytes"
        console.print(Text(text, style="green"), soft_wrap=True)
    if found.instructions is not None:
        console.print(f"{found.instructions:,} instructions per inference")
