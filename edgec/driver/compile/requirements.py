"""What a quantized model must reach, ``--max-drop 0.5`` (points) or ``30dB``, and whether it does.

A requirement is judged on more than one set of samples: each gives a finding, all must be met.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from edgec.errors import EdgecError, ExitCode, Place
from edgec.ir import Graph
from edgec.quantization.quality.evaluation import Evaluation
from edgec.quantization.quality.metrics.choice import metrics_for
from edgec.quantization.samples.samples import Samples

_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(db)?", re.IGNORECASE)
# Chosen by hand: noise of a hundredth of the signal.
_DEFAULT_DB = 20.0
FLOAT_MODEL = "the float model"
_ALL = 100.0  # points


@dataclass(frozen=True, slots=True)
class Finding:
    """What one set of samples says: ``reached`` dB in the worst part, or points that are lost.

    ``missed_by`` is None where the requirement is met, and where ``lost`` parts, smaller than a
    step of their integers, are all that is wrong. ``resolution``: points that one sample is worth.
    """

    measured_on: str
    against: str
    unit: str
    reached: float | None
    missed_by: float | None
    where: str = ""
    lost: tuple[str, ...] = ()
    resolution: float | None = None

    @property
    def met(self) -> bool:
        return self.missed_by is None and not self.lost

    def __str__(self) -> str:
        texts = [f"{each} is smaller than one step of its integers" for each in self.lost]
        if self.missed_by is not None:
            texts.insert(0, self._shown())
        return f"{'; '.join(texts) or 'met'}, on {self.measured_on}, against {self.against}"

    def _shown(self) -> str:
        if self.unit == "dB":
            inside = f" ({self.where})" if self.where else ""
            return f"{self.reached:.1f} dB{inside}, {self.missed_by:.1f} dB too few"
        return f"{self.reached:.2f} points lost, {self.missed_by:.2f} too many"

    def to_json(self) -> dict[str, Any]:
        return {
            "measured_on": self.measured_on,
            "against": self.against,
            "met": self.met,
            "reached": self.reached,
            "missed_by": self.missed_by,
            "resolution": self.resolution,
            "where": self.where or None,
            "lost_parts": list(self.lost),
        }


@dataclass(frozen=True, slots=True)
class Requirement:
    """The least output SQNR in dB, or the largest loss of accuracy in percentage points."""

    sqnr_db: float | None = None
    points: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Requirement":
        """Read ``0.5`` or ``30dB``; nothing stands for 20 dB. Raises ``invalid-option``."""
        if not text:
            return cls(sqnr_db=_DEFAULT_DB)
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise EdgecError(
                "invalid-option",
                f"--max-drop: {text!r} is neither points of accuracy nor dB",
                help="write 0.5 for half a percentage point, or 30dB for the least output SQNR",
                exit_code=ExitCode.USAGE,
            )
        number = float(found[1])
        return cls(sqnr_db=number) if found[2] else cls(points=number)

    def __str__(self) -> str:
        if self.sqnr_db is not None:
            return f"{self.sqnr_db:g} dB of output SQNR"
        return f"{self.points:g} points of accuracy or agreement"

    def check(self, graph: Graph, samples: Samples) -> None:
        """Raise ``invalid-option`` for points where no share says how often a model is right.

        Raises ``labels-unfit`` for labels that fit nothing.
        """
        if self.points is None:
            return
        metrics = metrics_for(graph, samples)
        if any(each.is_share and not each.problem for each in metrics):
            return
        why = "this model has no output of classes, and no labels judge it"
        if metrics:
            (first, *_) = metrics
            why = f"{first.title} of {first.key!r} has no points"
            why = f"{first.key!r}: {first.problem}" if first.problem else why
        raise EdgecError(
            "invalid-option",
            f"--max-drop {self.points:g}: {why}: there is no accuracy that could drop",
            help="ask for dB, for instance --max-drop 30dB, or save labels that give a share "
            "(accuracy, AUC, F1, IoU) beside the samples",
            exit_code=ExitCode.USAGE,
        )

    def judge(
        self, found: Evaluation, measured_on: str, against: str = FLOAT_MODEL, *, few: bool = False
    ) -> Finding:
        """Return what an evaluation says, of its worst part; agreement is accuracy, too.

        Labels know little of the parts of an output: one that is lost is never good enough. Of
        ``few`` samples one may be wrong beyond what is allowed: less they cannot show.
        """
        if self.sqnr_db is not None:
            return self._decibels(self.sqnr_db, found, measured_on, against)
        assert self.points is not None  # noqa: S101 - one of the two is given
        reached = _points_lost(found)
        resolution = _ALL / found.samples if found.samples else None
        allowed = self.points + (resolution or 0.0) * few
        over = None if reached is None or reached <= allowed else reached - self.points
        lost = tuple(str(each) for each in found.parts if each.judged and each.is_lost)
        return Finding(
            measured_on, against, "points", reached, over, lost=lost, resolution=resolution
        )

    def _decibels(
        self, wanted: float, found: Evaluation, measured_on: str, against: str
    ) -> Finding:
        reached, worst = found.worst_sqnr_db, found.worst_part
        short = None if reached is None or reached >= wanted else wanted - reached
        named = worst is not None and sum(each.judged for each in found.parts) > 1
        where = str(worst) if named else ""
        return Finding(measured_on, against, "dB", reached, short, where)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all findings say of a requirement; ``asked`` where --max-drop was given."""

    requirement: Requirement
    asked: bool
    findings: tuple[Finding, ...]

    @property
    def met(self) -> bool:
        return all(each.met for each in self.findings)

    @property
    def missed(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if not each.met)

    @property
    def missed_by(self) -> float | None:
        """By how much the worst finding misses, in dB or points; None where all are met."""
        return max((each.missed_by for each in self.missed if each.missed_by), default=None)

    def also(self, *findings: Finding) -> "Verdict":
        """Return a verdict that knows of more findings."""
        return replace(self, findings=(*self.findings, *findings))

    def to_json(self) -> dict[str, Any]:
        """Return report.json's ``quantization.max_drop``."""
        return {
            "requirement": str(self.requirement),
            "asked": self.asked,
            "unit": "points" if self.requirement.sqnr_db is None else "dB",
            "met": self.met,
            "missed_by": self.missed_by,
            "findings": [each.to_json() for each in self.findings],
        }

    def problem(self, model: str, advice: str) -> EdgecError | None:
        """Return what a command ends with where --max-drop is missed: exit code 4."""
        if self.met or not self.asked:
            return None
        first, *others = map(str, self.missed)
        return EdgecError(
            "max-drop-missed",
            f"--max-drop asks for {self.requirement}; reached: {first}",
            place=Place(model),
            notes=others,
            help=advice,
            exit_code=ExitCode.MISMATCH,
        )


def _points_lost(found: Evaluation) -> float | None:
    accuracy = found.accuracy
    if accuracy is not None and accuracy.is_share and accuracy.loss is not None:
        return _ALL * accuracy.loss
    agreement = found.top1_agreement
    return None if agreement is None else _ALL * (1 - agreement)
