"""``edgec profile``: instructions of every layer, as a table or as JSON."""

from typing import Annotated, Any

import typer

from edgec.cli.options import Json, OutFolder, Verbose
from edgec.cli.terminal import add_row, print_json, progress, results, short, table
from edgec.driver.profile import LayerProfile, ModelProfile
from edgec.driver.profile import profile as profile_build

_NUMBERS = ("MACs", "instructions", "share", "instr/MAC", "cycles", "ms")


def profile(
    out: OutFolder,
    *,
    sample: Annotated[int, typer.Option("--sample", help="Which golden sample to run.")] = 0,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Count the instructions of every layer in the emulator."""
    with progress(quiet=json) as drawn:
        result = profile_build(out, sample, drawn)
    if json:
        print_json(_document(result))
    else:
        _show(result)


def _document(result: ModelProfile) -> dict[str, Any]:
    return {
        "instructions_total": result.instructions_total,
        "cycles_estimate_total": result.cycles_estimate_total,
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
            }
            for layer in result.layers
        ],
    }


def _show(result: ModelProfile) -> None:
    console = results()
    has_cycles = result.cycles_estimate_total is not None
    columns = ["layer", "kernel", "MACs", "instructions", "share", "instr/MAC"]
    made = table(*columns, *(["cycles", "ms"] if has_cycles else []), numbers=_NUMBERS)
    for layer in result.layers:
        add_row(made, *_cells(layer), *(_time(layer, result) if has_cycles else []))
    console.print(made)
    console.print(f"\n{result.instructions_total:,} instructions per inference")
    if result.cycles_estimate_total is not None:
        cycles, clock = result.cycles_estimate_total, result.clock_hz
        at = f"{clock / 1e6:g} MHz"
        console.print(f"about {cycles:,} cycles, {1e3 * cycles / clock:.2f} ms at {at} (estimate)")


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
    cycles = layer.cycles_estimate or 0
    return [cycles, f"{1e3 * cycles / result.clock_hz:.2f}"]
