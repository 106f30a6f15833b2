"""``edgec profile``: instructions of every layer, as a table or as JSON."""

from typing import Annotated, Any

import typer
from rich.table import Table

from edgec.cli.shared_options import Json, OutFolder, Verbose
from edgec.cli.terminal import add_row, print_json, progress, results, short, table
from edgec.driver.run.profile import LayerProfile, ModelProfile
from edgec.driver.run.profile import profile as profile_build

_NUMBERS = ("MACs", "instructions", "share", "instr/MAC", "cycles", "ms")
_MEASURED = "measured cycles"
_HOTTEST = 8


def profile(
    out: OutFolder,
    *,
    sample: Annotated[int, typer.Option("--sample", help="Which golden sample to run.")] = 0,
    on: Annotated[
        str, typer.Option("--on", help="emulator; serial:PORT adds the cycles of a board.")
    ] = "emulator",
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Count the instructions of every layer in the emulator; estimate cycles."""
    with progress(quiet=json) as drawn:
        result = profile_build(out, sample, on, drawn)
    if json:
        print_json(_document(result))
    else:
        _show(result)


def _document(result: ModelProfile) -> dict[str, Any]:
    return {
        "instructions_total": result.instructions_total,
        "cycles_estimate_total": result.cycles_estimate_total,
        "cycles_measured_total": result.cycles_measured_total,
        "clock_hz": result.clock_hz,
        "milliseconds_estimate": result.milliseconds,
        "microjoules_estimate": result.microjoules,
        "layers": [
            {
                "name": layer.name,
                "op": layer.op,
                "kernel": layer.kernel,
                "macs": layer.macs,
                "instructions": layer.instructions,
                "instructions_per_mac": layer.instructions_per_mac,
                "share": layer.share,
                "cycles_estimate": layer.cycles_estimate,
                "cycles_measured": layer.cycles_measured,
            }
            for layer in result.layers
        ],
        "functions": [
            {"name": each.name, "instructions": each.instructions} for each in result.functions
        ],
    }


def _show(result: ModelProfile) -> None:
    console = results()
    measured = result.cycles_measured_total
    extra = () if measured is None else (_MEASURED,)
    made = table("layer", "kernel", *_NUMBERS, *extra, numbers=(*_NUMBERS, _MEASURED))
    for layer in result.layers:
        cells = () if measured is None else (layer.cycles_measured,)
        add_row(made, *_cells(layer), *_time(layer, result), *cells)
    console.print(made)
    console.print()
    console.print(_functions(result))
    console.print(f"\n{result.instructions_total:,} instructions per inference")
    at = f"{result.clock_hz / 1e6:g} MHz"
    energy = "" if result.microjoules is None else f", {result.microjoules:,.0f} \N{MICRO SIGN}J"
    cycles, time = result.cycles_estimate_total, result.milliseconds
    console.print(f"about {cycles:,} cycles, {time:.2f} ms at {at}{energy} (estimate)")
    if measured is not None:
        console.print(f"{measured:,} cycles measured, {1e3 * measured / result.clock_hz:.2f} ms")


def _functions(result: ModelProfile) -> Table:
    made = table("hottest function", "instructions", "share", numbers=_NUMBERS)
    for each in result.functions[:_HOTTEST]:
        share = each.instructions / result.instructions_total if result.instructions_total else 0
        add_row(made, each.name, each.instructions, f"{share:.1%}")
    return made


def _cells(layer: LayerProfile) -> list[object]:
    per_mac = layer.instructions_per_mac
    return [
        short(layer.name),
        layer.kernel,
        layer.macs,
        layer.instructions,
        f"{layer.share:.1%}",
        "-" if per_mac is None else f"{per_mac:.2f}",
    ]


def _time(layer: LayerProfile, result: ModelProfile) -> list[object]:
    cycles = layer.cycles_estimate
    return [cycles, f"{1e3 * cycles / result.clock_hz:.2f}"]
