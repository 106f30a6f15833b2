"""The table of layers that build and check print; a narrow terminal gets fewer columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from edgec.cli.terminal import short

_ALL = ("op", "output", "kernel", "MACs", "weights", "instructions", "instr/MAC")
_CHOICES = (
    _ALL,
    ("op", "kernel", "MACs", "instructions", "instr/MAC"),
    ("kernel", "MACs", "instructions"),
)
"""Columns beside the name, from the widest table to the narrowest."""
_TEXTS = {"op", "output", "kernel"}
_GAP = 2
_LEAST_NAME, _LONGEST_NAME = 24, 40


def layer_table(layers: Sequence[Mapping[str, Any]], width: int) -> Table:
    """Return one row per layer of a report, at most ``width`` columns wide where that is possible.

    The columns of counts are there only where there are counts.
    """
    rows = [_cells(each) for each in layers]
    counted = any(each.get("instructions") is not None for each in layers)
    columns, room = _fitting(rows, width, counted=counted)
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    made.add_column("layer", no_wrap=True)
    for name in columns:
        made.add_column(name, no_wrap=True, justify="left" if name in _TEXTS else "right")
    for layer, row in zip(layers, rows, strict=True):
        made.add_row(short(layer["name"], room), *(row[name] for name in columns))
    return made


def shapes(all_of: Sequence[Sequence[int]]) -> str:
    """Return shapes as ``1x25x5x64``."""
    return ", ".join("x".join(map(str, shape)) or "scalar" for shape in all_of)


def _fitting(
    rows: Sequence[Mapping[str, str]], width: int, *, counted: bool
) -> tuple[list[str], int]:
    """Return the columns to show, and the room that they leave for the name."""
    columns: list[str] = []
    room = 0
    for choice in _CHOICES:
        columns = [name for name in choice if counted or not name.startswith("instr")]
        needed = [max(len(name), *(len(row[name]) for row in rows), 0) for name in columns]
        room = width - sum(needed) - _GAP * (len(columns) + 1)
        if room >= _LEAST_NAME:
            break
    return columns, max(min(room, _LONGEST_NAME), _LEAST_NAME)


def _cells(layer: Mapping[str, Any]) -> dict[str, str]:
    count, macs = layer.get("instructions"), layer["macs"]
    return {
        "op": layer["op"],
        "output": shapes(layer["out"]),
        "kernel": layer["kernel"],
        "MACs": f"{macs:,}",
        "weights": f"{layer['weights_bytes']:,}",
        "instructions": "-" if count is None else f"{count:,}",
        "instr/MAC": f"{count / macs:.2f}" if count is not None and macs else "-",
    }
