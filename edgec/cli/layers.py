"""The table of layers that build and check print."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from edgec.cli.terminal import add_row, short, table

_NUMBERS = ("MACs", "weights", "instructions", "instr/MAC")


def layer_table(layers: Sequence[Mapping[str, Any]]) -> Table:
    """Return one row per layer of a report; the columns of counts only where there are counts."""
    counted = any(each.get("instructions") is not None for each in layers)
    columns = ["layer", "op", "output", "kernel", "MACs", "weights"]
    columns += ["instructions", "instr/MAC"] if counted else []
    made = table(*columns, numbers=_NUMBERS)
    for each in layers:
        row = [short(each["name"]), each["op"], shapes(each["out"]), each["kernel"]]
        row += [each["macs"], each["weights_bytes"]]
        add_row(made, *row, *(_cost(each) if counted else []))
    return made


def shapes(all_of: Sequence[Sequence[int]]) -> str:
    """Return shapes as ``1x25x5x64``."""
    return ", ".join("x".join(map(str, shape)) or "scalar" for shape in all_of)


def _cost(layer: Mapping[str, Any]) -> list[object]:
    count, macs = layer["instructions"], layer["macs"]
    ratio = f"{count / macs:.2f}" if count is not None and macs else None
    return [count, ratio]
