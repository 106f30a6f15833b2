"""The memory plan as a picture: time goes right, addresses go up. A template draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 960.0, 300.0
COLOURS = 8
_TICKS = 5
_MOST_STEP_LABELS = 24


@dataclass(frozen=True, slots=True)
class Box:
    """A buffer: place and size in the picture, colour number, and its tooltip."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    label: str
    label_x: float
    label_y: float
    tooltip: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A tick on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes and axes in a plane of ``width`` columns; labels stand in the margins around it."""

    width: float
    view_box: str
    time_labels_y: float
    boxes: tuple[Box, ...]
    bytes_axis: tuple[Mark, ...]
    time_axis: tuple[Mark, ...]


def memory_picture(plan: Sequence[Mapping[str, Any]], arena: int, steps: int) -> Picture:
    """Return the picture of a report's plan; ``arena`` in bytes, ``steps`` kernel calls.

    Moment -1 is the input being written, moment ``steps`` the output being read.
    """
    columns = steps + 2
    boxes = [_box(number, each, arena, columns) for number, each in enumerate(plan)]
    every = -(-columns // _MOST_STEP_LABELS)
    moments = [moment for moment in range(-1, steps + 1) if moment % every == 0 or columns < every]
    return Picture(
        WIDTH,
        f"-70 -10 {WIDTH + 90:g} {HEIGHT + 40:g}",
        HEIGHT + 18,
        tuple(boxes),
        tuple(_bytes_mark(number, arena) for number in range(_TICKS + 1)),
        tuple(Mark(round((m + 1.5) * WIDTH / columns, 2), str(m)) for m in moments if m < steps),
    )


def _box(number: int, each: Mapping[str, Any], arena: int, columns: int) -> Box:
    column, scale = WIDTH / columns, HEIGHT / max(arena, 1)
    first, last, size, offset = each["first"], each["last"], each["size"], each["offset"]
    width, height = (last - first + 1) * column, size * scale
    x, y = (first + 1) * column, HEIGHT - (offset + size) * scale
    return Box(
        x=round(x, 2),
        y=round(y, 2),
        width=round(width, 2),
        height=round(height, 2),
        colour=number % COLOURS,
        label=_label(str(each["tensor"]), width, height),
        label_x=round(x + 5, 2),
        label_y=round(y + 13, 2),
        tooltip=f"{each['tensor']}: {size:,} bytes at {offset:,}, calls {first} to {last}",
    )


def _label(name: str, width: float, height: float) -> str:
    """Return the end of a name, as much as fits its box; nothing where that says nothing."""
    room = int(width / 7)
    if height < 14 or room < 4:  # noqa: PLR2004 - a line of text, and a few letters
        return ""
    first = name.split(";", maxsplit=1)[0]
    return first if len(first) <= room else "…" + first[1 - room :]


def _bytes_mark(number: int, arena: int) -> Mark:
    value = arena * number // _TICKS
    return Mark(round(HEIGHT - HEIGHT * value / max(arena, 1), 2), f"{value:,}")
