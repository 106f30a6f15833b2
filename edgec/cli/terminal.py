"""What commands print with: one console per stream, JSON, bars, and progress on terminals only."""

import codecs
import io
import json
import math
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed
from rich.table import Table
from rich.text import Text

from edgec.driver.progress import Progress as ProgressProtocol
from edgec.driver.progress import Quiet

_PIPE_WIDTH = 200  # columns where nobody sees an edge: nothing is cut or folded
_BAR_WIDTH = 24
_EXACT = 300.0  # dB
_SPELLED_OUT = "edgec.spelled_out"
_PLAIN = {
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MICRO SIGN}": "u",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{RIGHTWARDS ARROW}": "->",
}
"""What stands for our own characters where a terminal has no such."""


@contextmanager
def any_character() -> Iterator[None]:
    """Let standard output and error take all characters, whatever the terminal's encoding is."""
    if sys.stdout is None:  # closed by the caller: >&-
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    streams = [each for each in (sys.stdout, sys.stderr) if isinstance(each, io.TextIOWrapper)]
    before = [each.errors for each in streams]
    for each in streams:
        each.reconfigure(errors=_SPELLED_OUT)
    try:
        yield
    finally:
        for each, errors in zip(streams, before, strict=True):
            each.reconfigure(errors=errors)


def _spelled_out(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for characters that an encoding does not have."""
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - the streams are for writing
    wrong = error.object[error.start : error.end]
    return "".join(_PLAIN.get(each, "?") for each in wrong), error.end


codecs.register_error(_SPELLED_OUT, _spelled_out)


def results() -> Console:
    """Return the console of standard output."""
    return _console(stderr=False)


def talk() -> Console:
    """Return the console of standard error."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, emoji=False, markup=False)


def print_json(document: Any) -> None:
    """Print one JSON document: plain ASCII, so that any terminal and any pipe takes it."""
    text = json.dumps(_finite(document), indent=2, ensure_ascii=True, allow_nan=False)
    sys.stdout.write(text + "\n")


def _finite(value: Any) -> Any:
    """Return a document in which null stands for NaN and infinity: JSON has neither."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_warnings(warnings: Iterable[str], remarks: Collection[str] = ()) -> None:
    """Print warnings to stderr; those that are ``remarks``, where nothing is wrong, as notes."""
    for each in warnings:
        title, style = ("note", "") if each in remarks else ("warning", "yellow")
        talk().print(Text(f"{title}: {plain(each)}", style=style), soft_wrap=True)


def decibels(level: float) -> str:
    """Return an SQNR for people: beyond all that floats could show it is exact."""
    return "exact" if level >= _EXACT else f"{level:.1f} dB"


def print_text(text: str) -> None:
    """Print a finished text (Markdown, dumps) as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def plain(value: object) -> str:
    """Return text from a model file without the characters that could steer a terminal."""
    return "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(value)
    )


def short(name: str, room: int = 40) -> str:
    """Return a node's name for a table: the first of names that a converter joined, its end."""
    first, *others = plain(name).split(";")
    text = f"{first};…" if others else first
    return text if len(text) <= room else "…" + text[1 - room :]


def table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    """Return an empty table; the columns in ``numbers`` are right-aligned."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        made.add_column(
            name, justify="right" if name in numbers else "left", overflow="fold", no_wrap=False
        )
    return made


def add_row(to: Table, *cells: object) -> None:
    """Add a row; cells are text, never markup. None shows as a dash, integers with commas."""
    to.add_row(*(Text(_cell(each)) for each in cells))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else plain(value)


def bar(console: Console, used: int, limit: int) -> Text:
    """Return a bar of how much of ``limit`` is used; red where it is more than all."""
    full, empty = ("█", "░") if console.encoding.lower().startswith("utf") else ("#", ".")
    share = used / limit if limit else 1.0
    filled = min(_BAR_WIDTH, round(share * _BAR_WIDTH))
    colour = "red" if share > 1 else "yellow" if share > 0.9 else "green"  # noqa: PLR2004
    return Text(full * filled, style=colour) + Text(empty * (_BAR_WIDTH - filled), style="dim")


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[ProgressProtocol]:
    """Draw progress on a terminal; a pipe, or ``quiet``, gets nothing."""
    console = talk()
    if quiet or not console.is_terminal:
        yield Quiet()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=_BAR_WIDTH),
        TextColumn("{task.fields[count]}"),
        Elapsed(),
    )
    with Progress(*columns, console=console, transient=True) as drawn:
        yield _Drawn(drawn)


class _Drawn:
    """One line per stage; all of them vanish when the command ends."""

    def __init__(self, drawn: Progress) -> None:
        self._drawn = drawn
        self._task = drawn.add_task("starting", total=None, count="")

    def stage(self, title: str) -> None:
        self._drawn.remove_task(self._task)
        self._task = self._drawn.add_task(plain(title), total=None, count="")

    def advance(self, done: int, total: int) -> None:
        self._drawn.update(self._task, completed=done, total=total, count=f"{done}/{total}")
