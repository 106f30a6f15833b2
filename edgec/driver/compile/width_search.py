"""The search for the least int16 that meets ``--max-drop``, and what is told about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from edgec.driver.compile.requirements import Requirement, Verdict
from edgec.driver.progress import Progress
from edgec.ir import DType
from edgec.quantization.best import Quantized
from edgec.quantization.quality.evaluation import Evaluation
from edgec.quantization.widths.mixed import Mixer, is_layer
from edgec.quantization.widths.sensitivity import Group
from edgec.quantization.widths.width_path import Plan


class Judge(Protocol):
    """Says how good a model is."""

    def judged(self, made: Quantized) -> "Judgement":
        """Return what the calibration samples say, and held-out ones of its trial, if any."""

    def tried(self, found: "Judgement", made: Quantized) -> "Judgement":
        """Return the same for a model that has got a trial since."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A model that was made, its figures on the samples and on held-out ones, and the verdict."""

    quantized: Quantized
    evaluation: Evaluation
    held_out: Evaluation | None
    verdict: Verdict

    @property
    def worst_sqnr_db(self) -> float | None:
        """The SQNR of the worst part, on whichever samples it is lower."""
        known = [each.worst_sqnr_db for each in (self.evaluation, self.held_out) if each]
        return min((each for each in known if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class Trial:
    """A model that was made and judged: how many layers are int16, and what it reaches.

    ``worst_sqnr_db`` is of the worst part of the outputs, on the calibration samples or on those
    held out.
    """

    int16_layers: int
    output_sqnr_db: float | None
    met: bool
    worst_sqnr_db: float | None = None

    @classmethod
    def of(cls, found: Judgement) -> "Trial":
        count = count_layers(found.quantized, DType.INT16)
        reached = found.evaluation.output_sqnr_db
        return cls(count, reached, found.verdict.met, found.worst_sqnr_db)

    def to_json(self) -> dict[str, Any]:
        return {
            "int16_layers": self.int16_layers,
            "output_sqnr_db": self.output_sqnr_db,
            "worst_part_sqnr_db": self.worst_sqnr_db,
            "met": self.met,
        }


@dataclass(frozen=True, slots=True)
class Widths:
    """Why activations have the widths they have.

    ``groups``, those in ``wide`` in int16, is empty where all int8 was good enough. ``why`` tells
    what asks for this where no option does.
    """

    requirement: Requirement
    met: bool
    layers: int
    int16_layers: int
    trials: tuple[Trial, ...]
    groups: tuple[Group, ...] = ()
    wide: frozenset[str] = frozenset()
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return report.json's ``quantization.widths``."""
        return {
            "requirement": str(self.requirement),
            "why": self.why or None,
            "met": self.met,
            "layers": self.layers,
            "int16_layers": self.int16_layers,
            "trials": [each.to_json() for each in self.trials],
            "groups": [
                {
                    "layers": list(group.layers) or [str(group.root)],
                    "type": "int16" if group.root in self.wide else "int8",
                    "sqnr_db_if_int8": group.sqnr_db,
                }
                for group in self.groups
            ],
        }


@dataclass(frozen=True, slots=True)
class Mixed:
    """A mixed model, and how good it is."""

    plan: Plan
    judgement: Judgement


@dataclass(eq=False)
class MixedSearch:
    """Tries plans, from little to much in int16, on the exact integers.

    The noise that groups have alone predicts where on the way the requirement is met; each trial
    corrects the prediction. Where no plan does, finer weights may (``refine``). What the
    calibration samples are content with is tried on samples held out, too.
    """

    mixer: Mixer
    requirement: Requirement
    judge: Judge
    progress: Progress
    refine: bool
    trials: list[Trial] = field(default_factory=list)

    def run(self, narrow: Judgement) -> Mixed | None:
        """Return the model with the least in int16 that does and is cheaper than int16 everywhere.

        None where there is none.
        """
        nothing, *plans = self.mixer.path.plans()
        whole = plans[-1].cost if plans else nothing.cost
        cheaper = [plan for plan in plans if plan.cost.over(whole) < 0]
        found = self._first(cheaper, nothing, narrow)
        if found is None:
            finer = self.mixer.refined() if self.refine else None
            return None if finer is None else replace(self, mixer=finer).run(narrow)
        allowed = self._allowed(found.plan, found.judgement)
        fewer = self.mixer.path.trimmed(found.plan, allowed) if allowed is not None else []
        return self._first(fewer, found.plan, found.judgement) or found

    def _first(self, plans: Sequence[Plan], known: Plan, reached: Judgement) -> Mixed | None:
        """Return the first of plans with more and more in int16 that does; one is ``known``."""
        best, low, high = None, 0, len(plans)
        while low < high:
            number = self._likely(plans, low, high, self._allowed(known, reached))
            tried = self._tried(plans[number])
            known, reached = tried.plan, tried.judgement
            if reached.verdict.met:
                best, high = tried, number
            else:
                low = number + 1
        return best

    def _likely(self, plans: Sequence[Plan], low: int, high: int, allowed: float | None) -> int:
        """Return the first of the plans from ``low`` to ``high`` that should do."""
        if allowed is None:
            return (low + high) // 2
        fitting = [number for number in range(low, high) if plans[number].noise <= allowed]
        return fitting[0] if fitting else high - 1

    def _allowed(self, plan: Plan, reached: Judgement) -> float | None:
        """Return how much noise of groups a plan may have, from what one with more or less has."""
        wanted, got = self.requirement.sqnr_db, reached.worst_sqnr_db
        if wanted is None or got is None:
            return None
        return plan.noise + float(10 ** (-wanted / 10) - 10 ** (-got / 10))

    def _tried(self, plan: Plan) -> Mixed:
        count = self.mixer.layers(plan)
        self.progress.stage(f"trying int16 in {count} of {count_layers(self.mixer.narrow)} layers")
        found = self.judge.judged(self.mixer.made(plan))
        if found.verdict.met:
            found = self.judge.tried(found, self.mixer.tried(found.quantized))
        self.trials.append(Trial.of(found))
        return Mixed(plan, found)


def count_layers(made: Quantized, dtype: DType | None = None) -> int:
    """Return how many layers a model has, or how many whose results have a type."""
    graph = made.graph
    layers = [node for node in graph.nodes if is_layer(node)]
    return sum(dtype in (None, graph.types[node.outputs[0]].dtype) for node in layers)
