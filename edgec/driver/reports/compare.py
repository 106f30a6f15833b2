"""``edgec compare``: two builds side by side, and limits on how much may change."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import Any

from edgec.driver.output import check_figures, open_output, read_json
from edgec.errors import EdgecError, ExitCode, raise_all

_CONDITION = re.compile(r"\s*([a-z_]+)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*(%?)\s*")
_MEMORY = {
    "ram": "ram_total_bytes",
    "arena": "arena_bytes",
    "stack": "stack_bytes",
    "flash": "flash_total_bytes",
    "weights": "weights_bytes",
    "code": "code_bytes",
}
METRICS = ("instructions", "cycles", *_MEMORY, "macs", "params", "accuracy", "sqnr")
"""What can be compared and limited, in the order of the table."""

_MADE_WHERE = {
    "instructions": "a build counts them where QEMU, and a machine for the board, are there",
    "cycles": "a build estimates them where it counts instructions, below 50 million MACs",
    "accuracy": "a build measures it where it quantizes, with labels in the file of --calib",
    "sqnr": "a build measures it where it quantizes",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of both builds; None where a report does not have it.

    ``by`` is what the accuracy of each was measured by, and ``higher_is_better`` how to read it.
    """

    metric: str
    old: float | None
    new: float | None
    by: tuple[str | None, str | None] = (None, None)
    higher_is_better: bool | None = None

    @property
    def is_comparable(self) -> bool:
        return None in self.by or self.by[0] == self.by[1]

    @property
    def change(self) -> float | None:
        """New less old; None where one is unknown, or they are figures of different kinds."""
        if self.old is None or self.new is None or not self.is_comparable:
            return None
        return 0 if self.old == self.new else self.new - self.old

    @property
    def percent(self) -> float | None:
        """The change relative to the old value; None where that is 0 or unknown."""
        return None if self.change is None or not self.old else 100 * self.change / abs(self.old)


@dataclass(frozen=True, slots=True)
class Limit:
    """A condition on the change of a metric that makes the comparison fail."""

    metric: str
    above: bool
    bound: float
    relative: bool
    text: str

    def is_exceeded(self, row: Row) -> bool:
        """Tell whether the change goes beyond the bound; from 0, any change counts as it is.

        Limits of accuracy take more as better: of an error a change up counts as one down.
        """
        change = row.percent if self.relative else row.change
        if change is None:
            change = row.change
        if change is None:
            return False
        change = -change if row.higher_is_better is False else change
        return change > self.bound if self.above else change < self.bound


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A limit on what a report does not have: that it is kept cannot be said. ``why`` says more."""

    limit: Limit
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """All rows, the limits that were exceeded, and those that cannot be judged."""

    rows: tuple[Row, ...]
    failed: tuple[Limit, ...]
    unjudged: tuple[Unjudged, ...] = ()


def compare(old: Path, new: Path, fail_if: str = "") -> Comparison:
    """Compare two output folders of ``edgec build``, or two of their report.json files.

    ``fail_if`` is a list such as ``instructions>+1%,ram>0,accuracy<-0.005``: the change from old to
    new, absolute or in percent. Raises ``not-an-output``, ``damaged-output``, ``invalid-limit``.
    """
    limits = parse_limits(fail_if)
    reports = [read_report(path) for path in (old, new)]
    rows = tuple(_rows(*reports))
    by_name = {row.metric: row for row in rows}
    failed = tuple(each for each in limits if each.is_exceeded(by_name[each.metric]))
    unjudged = tuple(
        Unjudged(each, _why_absent(row))
        for each in limits
        for row in [by_name[each.metric]]
        if row.change is None
    )
    known = tuple(row for row in rows if (row.old, row.new) != (None, None))
    return Comparison(known, failed, unjudged)


def _rows(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Row]:
    before, after = metrics(old), metrics(new)
    for name in METRICS:
        row = Row(name, before.get(name), after.get(name))
        if name != "accuracy":
            yield row
            continue
        found = [report.get("accuracy") or {} for report in (old, new)]
        higher = [each["higher_is_better"] for each in found if "higher_is_better" in each]
        yield replace(row, by=_measured_by(*found), higher_is_better=higher[-1] if higher else None)


def _measured_by(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the metric of each, and by which labels where these differ; None where unknown."""
    first, second = (each.get("metric") for each in (old, new))
    labels = [each.get("labels") for each in (old, new)]
    if None in (first, second, *labels) or labels[0] == labels[1]:
        return first, second
    return f"{first} of {labels[0]!r}", f"{second} of {labels[1]!r}"


def _why_absent(row: Row) -> str:
    if not row.is_comparable:
        return f"{row.metric} is by {row.by[0]} in the old report, by {row.by[1]} in the new one"
    sides = [side for side, value in (("old", row.old), ("new", row.new)) if value is None]
    made = _MADE_WHERE.get(row.metric, "the edgec that built it did not note it")
    return f"no {row.metric} in the {' and the '.join(sides)} report: {made}"


def read_report(path: Path) -> Mapping[str, Any]:
    """Return the report of an output folder, or of a report.json on its own."""
    if path.is_dir() or not path.is_file():
        return open_output(path).report
    report: Mapping[str, Any] = read_json(path)
    check_figures(report, path)
    return report


def metrics(report: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the comparable figures of a report; None where it has no number."""
    found = _figures(report)
    return {name: value if _is_number(value) else None for name, value in found.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value)


def _figures(report: Mapping[str, Any]) -> dict[str, Any]:
    cycles = [layer.get("cycles_estimate") for layer in report.get("layers", [])]
    known = cycles and None not in cycles
    return {
        "instructions": report.get("instructions_total"),
        "cycles": sum(cycles) if known else None,
        **{name: report["memory"].get(key) for name, key in _MEMORY.items()},
        "macs": report["model"].get("macs"),
        "params": report["model"].get("params"),
        "accuracy": (report.get("accuracy") or {}).get("quantized"),
        "sqnr": (report.get("quantization") or {}).get("output_sqnr_db"),
    }


def parse_limits(text: str) -> list[Limit]:
    """Parse ``metric>bound,metric<bound%``; raises every part that is no condition at once."""
    parts = [part for part in text.split(",") if part.strip()]
    found = [_CONDITION.fullmatch(part) for part in parts]
    raise_all([e for p, m in zip(parts, found, strict=True) for e in _limit_problems(p, m)])
    return [_limit(part, match) for part, match in zip(parts, found, strict=True) if match]


def _limit(part: str, match: re.Match[str]) -> Limit:
    metric, sign, bound, percent = match.groups()
    return Limit(metric, sign == ">", float(bound), bool(percent), part.strip())


def _limit_problems(part: str, match: re.Match[str] | None) -> Sequence[EdgecError]:
    if match is None:
        return [
            _invalid(part, "is no condition", "write METRIC>NUMBER or METRIC<NUMBER, with % or not")
        ]
    metric = match.group(1)
    if metric in METRICS:
        return []
    near = difflib.get_close_matches(metric, METRICS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(METRICS)}"
    return [_invalid(part, f"names no metric: {metric!r}", hint)]


def _invalid(part: str, problem: str, hint: str) -> EdgecError:
    return EdgecError(
        "invalid-limit",
        f"--fail-if: {part.strip()!r} {problem}",
        help=f"{hint}, for instance 'instructions>+1%,ram>0'",
        exit_code=ExitCode.USAGE,
    )
