"""How good a quantization is, on what, in a line or two of a summary."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from edgec.cli.terminal import plain

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
    texts += [figure_text(accuracy)] if accuracy else []
    lines = [f"{', '.join(texts)}, on {on}"] if texts else []
    lines += _held_out(found["held_out"])
    for number, line in enumerate(lines):
        console.print(Text(f"{'' if number else 'quality':<8}{line}"), soft_wrap=True)


def _held_out(held: Found) -> list[str]:
    """Return what samples say that a trial was not made of, and what the search has gained."""
    texts = _decibels(held)
    searched, plain = held["searched_sqnr_db"], held["plain_searched_sqnr_db"]
    if searched is not None and plain is not None:
        texts.append(f"{searched - plain:+.1f} dB against no search")
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


def figure_text(found: Found) -> str:
    """Return the figures of one array of labels in a line."""
    title = f"{_titled(found)} of {plain(found['output'])!r}"
    before = "" if found["float"] is None else f"float {_value(found, found['float'])}, quantized "
    return f"{title}: {before}{_value(found, found['quantized'])}{_lost(found)}"


def alone_text(found: Found, samples: int) -> str:
    """Return the figure of one model on so many samples in a line."""
    judged = f"{found['metric']} of {plain(found['output'])!r}"
    name = "accuracy" if _is_accuracy(found) else found["metric"]
    return f"{name} {_value(found, found['quantized'])} over {samples} labelled samples ({judged})"


def details(found: Found) -> Iterator[str]:
    """Yield why this metric, the other figures, and those of single classes."""
    better = "higher" if found["higher_is_better"] else "lower"
    yield f"{plain(found['why'])}; {better} is better"
    if found["more"]:
        yield "; ".join(f"{name} {_change(found, each)}" for name, each in found["more"].items())
    if found["per_class"]:
        rows = (f"{each['class']}: {_change(found, each)}" for each in found["per_class"])
        yield f"classes {', '.join(rows)}"


def _titled(found: Found) -> str:
    metric: str = found["metric"]
    is_told = metric.startswith("accuracy") or not _is_accuracy(found)
    return metric if is_told else f"accuracy ({metric})"


def _is_accuracy(found: Found) -> bool:
    return found["name"] in {"accuracy", "top-1", "top-5"}


def _lost(found: Found) -> str:
    loss = found["loss"]
    if loss is None:
        return ""
    unit = f"{100 * loss:.2f} points" if found["unit"] == "share" else f"{loss:.4g}"
    return f", loss {unit}"


def _change(found: Found, figure: Found) -> str:
    before, after = (
        "none" if figure[key] is None else _value(found, figure[key])
        for key in ("float", "quantized")
    )
    return after if figure["float"] is None and found["float"] is None else f"{before} -> {after}"


def _value(found: Found, value: float) -> str:
    return f"{value:.2%}" if found["unit"] == "share" else f"{value:.4g}"
