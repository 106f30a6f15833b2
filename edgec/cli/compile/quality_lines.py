"""How good a quantization is, on what, in a line or two of a summary."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

Found = Mapping[str, Any]
_SAME_DB = 0.05  # no part is worth naming that is no worse than this


def show_quality(console: Console, report: Found) -> None:
    """Print the figures of a report's ``quantization`` and ``accuracy``; nothing where none are."""
    found = report["quantization"]
    on = found.get("measured_on")
    if on is None:
        return
    accuracy = report["accuracy"]
    texts = [*_decibels(found), *_before(found["parts"])]
    texts += [_accuracy(accuracy)] if accuracy else []
    lines = [f"{', '.join(texts)}, on {on}"] if texts else []
    lines += _held_out(found["held_out"])
    for number, line in enumerate(lines):
        console.print(Text(f"{'' if number else 'quality':<8}{line}"), soft_wrap=True)


def _held_out(held: Found) -> list[str]:
    """Return what samples say that a trial was not made of, and what the search has gained."""
    texts = _decibels(held)
    searched, plain = held["searched_sqnr_db"], held["plain_searched_sqnr_db"]
    if searched is not None and plain is not None:
        texts.append(f"{searched - plain:+.1f} dB against plain min-max")
    on = f"on {held['samples']} samples held out from a trial of the others"
    return [f"{', '.join(texts)}, {on}"] if texts else []


def _decibels(found: Found) -> list[str]:
    level, worst = found["output_sqnr_db"], found["worst_part_sqnr_db"]
    texts = [] if level is None else [f"output SQNR {level:.1f} dB"]
    if worst is not None and (level is None or worst < level - _SAME_DB):
        texts.append(f"worst part {worst:.1f} dB")
    return texts


def _before(parts: list[Found]) -> list[str]:
    """Return what lies before final functions, whose outputs look better than they are."""
    whole = [each for each in parts if each["operand"] is None and each["channels"] is None]
    return [
        f"{each['sqnr_db']:.1f} dB before the {each['before']} of {each['output']!r}"
        for each in whole
        if each["before"] is not None
    ]


def _accuracy(found: Found) -> str:
    metric, float_, quantized = (found[key] for key in ("metric", "float", "quantized"))
    before = "" if float_ is None else f" (float {float_:.2%})"
    return f"{metric} {quantized:.2%}{before}"
