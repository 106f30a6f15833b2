"""``edgec build``: the main job, and the summary of what came out."""

from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from edgec.cli.compile.layers import layer_table
from edgec.cli.compile.quality_lines import show_quality
from edgec.cli.compile.quantization_options import (
    AllowPoor,
    Calib,
    Calibration,
    Effort,
    MaxDrop,
    Metric,
    Prune,
    QuantizeTo,
    Shape,
    StateOf,
)
from edgec.cli.compile.width_table import show_widths
from edgec.cli.failures import end_if
from edgec.cli.shared_options import CmsisNn, Json, Verbose
from edgec.cli.terminal import bar, plain, print_json, print_warnings, progress, results
from edgec.driver import BuildOptions, BuildResult, read_config
from edgec.driver import build as build_model
from edgec.driver.options import merged
from edgec.frontends.shapes import joined


def build(
    model: Annotated[str, typer.Argument(help="An ONNX or TFLite file.", show_default=False)] = "",
    *,
    board: Annotated[
        str, typer.Option("--board", "-b", help="A board's name, or a board.toml.")
    ] = "",
    calib: Calib = "",
    output: Annotated[
        str, typer.Option("--output", "-o", help="The folder to write. [build/<model>]")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="The C prefix. [the file's name]")] = "",
    kernels: Annotated[
        str, typer.Option("--kernels", help="auto, cmsis-nn, edgec or portable. [auto]")
    ] = "",
    cmsis_nn: CmsisNn = "",
    prune: Prune = "",
    calibration: Calibration = "",
    quantize: QuantizeTo = "",
    effort: Effort = "",
    max_drop: MaxDrop = "",
    metric: Metric = "",
    shape: Shape = None,
    state: StateOf = "",
    allow_poor: AllowPoor = False,
    config: Annotated[
        str, typer.Option("--config", help="Options as TOML; flags win. [edgec.toml]")
    ] = "",
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compile a model: C library, firmware, report."""
    flags = asdict(
        BuildOptions(
            model=model,
            board=board,
            calib=calib,
            output=output,
            name=name,
            kernels=kernels,
            cmsis_nn=cmsis_nn,
            prune=prune,
            calibration=calibration,
            quantize=quantize,
            effort=effort,
            max_drop=max_drop,
            metric=metric,
            shape=joined(shape),
            state=state,
            allow_poor=allow_poor,
        )
    )
    options = merged(read_config(Path(config) if config else None), flags)
    with progress(quiet=json) as drawn:
        result = build_model(options, drawn)
    if json:
        print_json({"folder": str(result.folder), **result.report})
    else:
        _summary(result)
    end_if(result.missed)


def _summary(result: BuildResult) -> None:
    report, console = result.report, results()
    name = plain(report["model"]["name"])
    console.print(
        Text(plain(f"{name} for {report['board']}: {result.folder}") + "\n", style="bold")
    )
    console.print(layer_table(report["layers"], console.width))
    console.print()
    _memory(console, report["memory"])
    _cost(console, report)
    if report["pruning"]:
        console.print(_pruned(report["pruning"]), soft_wrap=True)
    show_quality(console, report)
    show_widths(console, report["quantization"]["widths"])
    print_warnings(report["warnings"], report["remarks"])
    console.print(Text("\nNext:", style="bold"))
    out = quote(plain(result.folder))
    console.print(f"  edgec test {out}    compare with the reference, byte for byte")
    console.print(f"  edgec run {out}     run a sample; --input X.npz for your own")


def _memory(console: Console, memory: dict[str, int]) -> None:
    arena, bound = memory["arena_bytes"], memory["arena_lower_bound_bytes"]
    ram = f"arena {arena:,} (no plan below {bound:,}), stack {memory['stack_bytes']:,}"
    flash = f"weights {memory['weights_bytes']:,}, code {memory['code_bytes']:,}"
    for key, title, detail in (("ram", "RAM", ram), ("flash", "flash", flash)):
        used, limit = memory[f"{key}_total_bytes"], memory[f"{key}_limit_bytes"]
        line = Text(f"{title:<6}") + bar(console, used, limit)
        line.append(f" {used:,} of {limit:,} bytes ({used / limit:.0%}): {detail}")
        console.print(line, soft_wrap=True)


def _cost(console: Console, report: dict[str, Any]) -> None:
    macs, count = report["model"]["macs"], report["instructions_total"]
    if count is None:
        console.print(f"cost  {macs:,} MACs; instructions were not counted")
        return
    ratio = f", {count / macs:.2f} per MAC" if macs else ""
    console.print(f"cost  {count:,} instructions per inference for {macs:,} MACs{ratio}")


def _pruned(pruning: dict[str, Any]) -> str:
    macs, weights = (
        f"{pruning[f'{key}_before']:,} -> {pruning[f'{key}_after']:,}"
        for key in ("macs", "nonzero_weights")
    )
    sqnr = pruning["output_sqnr_db"]
    quality = "outputs unchanged" if sqnr is None else f"output SQNR {sqnr:.1f} dB"
    return f"prune {macs} MACs, {weights} weights, {quality} against the unpruned float model"
