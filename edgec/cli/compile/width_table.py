"""Which layers are int16, and why: lines and a table from a report's ``quantization.widths``."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from edgec.cli.terminal import add_row, plain, short, table

Found = Mapping[str, Any]


def show_widths(console: Console, widths: Found | None) -> None:
    """Print how many layers are int16 and what was tried; nothing where nothing was searched."""
    if widths is None:
        return
    count, layers = widths["int16_layers"], widths["layers"]
    met = "meets" if widths["met"] else "MISSES"
    where = {0: "all layers int8", layers: "all layers int16"}
    text = where.get(count, f"int16 in {count} of {layers} layers")
    console.print(f"widths  {text}: {met} {widths['requirement']} on the samples", soft_wrap=True)
    if widths["why"]:
        console.print(Text(f"        {plain(widths['why'])}"), soft_wrap=True)
    if len(widths["trials"]) > 1:
        tried = ", ".join(_trial(each) for each in widths["trials"])
        console.print(f"        tried int16 layers: {tried}", soft_wrap=True)


def show_groups(console: Console, widths: Found | None) -> None:
    """Print the layers in int16 with what each would cost the outputs in int8."""
    chosen = [each for each in (widths or {}).get("groups", ()) if each["type"] == "int16"]
    if not chosen:
        return
    console.print(Text("\nlayers in int16", style="bold"))
    column = "output SQNR if this alone were int8"
    rows = table("layer", column, numbers=(column,))
    for each in chosen:
        add_row(rows, short(each["layers"][0]), f"{each['sqnr_db_if_int8']:.1f} dB")
    console.print(rows)


def _trial(trial: Found) -> str:
    quality = trial["worst_part_sqnr_db"]
    shown = "yes" if trial["met"] else "no"
    return f"{trial['int16_layers']} ({shown if quality is None else f'{quality:.1f} dB'})"
