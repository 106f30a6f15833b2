"""How good a quantization is, on what, in a line or two of a summary."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

Found = Mapping[str, Any]


def show_quality(console: Console, report: Found) -> None:
    """Print the figures of a report's ``quantization`` and ``accuracy``; nothing where none are."""
    found = report["quantization"]
    on = found.get("measured_on")
    if on is None:
        return
    texts = [_decibels(found), *_before(found["parts"])]
    held, accuracy = found["held_out"], report["accuracy"]
    if accuracy is not None:
        texts.append(_accuracy(accuracy))
    lines = [f"{', '.join(text for text in texts if text)}, on {on}"]
    if held["output_sqnr_db"] is not None:
        lines.append(
            f"{_decibels(held)}, on {held['samples']} samples held out from a trial of the others"
        )
    searched, plain = held["searched_sqnr_db"], held["plain_searched_sqnr_db"]
    if searched is not None and plain is not None:
        lines[-1] += f"; {searched - plain:+.1f} dB against plain min-max"
    for number, line in enumerate(lines):
        console.print(Text(f"{'' if number else 'quality':<8}{line}"), soft_wrap=True)


def _decibels(found: Found) -> str:
    level, worst = found["output_sqnr_db"], found["worst_part_sqnr_db"]
    if level is None:
        return "" if worst is None else f"worst part {worst:.1f} dB"
    shown = f"output SQNR {level:.1f} dB"
    return shown if worst is None or worst > level - _SAME_DB else f"{shown} (worst {worst:.1f} dB)"


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


_SAME_DB = 0.05  # no part is worth naming that is no worse than this
