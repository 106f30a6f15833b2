"""The search for the least int16: on the exact figures of a model whose noise is known."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pytest
from small_nets import uneven_net

from edgec.driver.compile.requirements import Requirement, Verdict
from edgec.driver.compile.width_search import Judgement, Mixed, MixedSearch
from edgec.driver.progress import Quiet
from edgec.quantization.best import Quantized
from edgec.quantization.candidates import Prepared
from edgec.quantization.quality.evaluation import Evaluation
from edgec.quantization.recipe import Recipe
from edgec.quantization.widths.mixed import Mixer
from edgec.quantization.widths.sensitivity import groups_of
from edgec.quantization.widths.width_cost import WidthCost
from edgec.quantization.widths.width_path import Plan, WidthPath

FLOOR = 1e-6  # noise of weights, in every model
NOISES = dict(zip("abcdefhx", (3e-5, 1e-4, 2e-5, 4e-4, 1e-5, 5e-5, 2e-4, 6e-5), strict=True))


@dataclass
class Ideal:
    """Stands for a :class:`Mixer` whose models have just the noise that was predicted."""

    error: float = 1.0  # what the noise of groups really is, relative to the prediction
    path: WidthPath = field(init=False)
    made_plans: list[Plan] = field(default_factory=list)
    harder: float | None = None  # how much more noise there is on held-out samples
    tried_plans: list[Plan] = field(default_factory=list)

    def __post_init__(self) -> None:
        graph = uneven_net()
        groups = [replace(g, noise=NOISES.get(str(g.root), 0.0)) for g in groups_of(graph)]
        self.path = WidthPath(groups, WidthCost(graph))
        self.narrow = Quantized(graph, Prepared.by(graph, "minmax"), Recipe())

    def made(self, plan: Plan) -> Quantized:
        self.made_plans.append(plan)
        return self.narrow

    def tried(self, made: Quantized) -> Quantized:
        self.tried_plans.append(self.made_plans[-1])
        return made

    def layers(self, plan: Plan) -> int:
        return len(plan.wide)

    def refined(self) -> None:
        return None

    def reached(self, noise: float) -> Evaluation:
        level = -10 * float(np.log10(FLOOR + self.error * noise))
        agreement = 1.0 if noise < 3e-4 else 0.9
        return Evaluation(8, None, agreement, level, ())


@dataclass
class Judging:
    """Judges the plan that was made last."""

    ideal: Ideal
    requirement: Requirement

    def of(self, noise: float) -> Judgement:
        found = self.ideal.reached(noise)
        verdict = Verdict(self.requirement, True, (self.requirement.judge(found, "samples"),))
        return Judgement(self.ideal.narrow, found, None, verdict)

    def judged(self, made: Quantized) -> Judgement:
        return self.of(self.ideal.made_plans[-1].noise)

    def tried(self, found: Judgement, made: Quantized) -> Judgement:
        if self.ideal.harder is None:
            return found
        held = self.ideal.reached(self.ideal.harder * self.ideal.made_plans[-1].noise)
        verdict = found.verdict.also(self.requirement.judge(held, "held-out samples"))
        return replace(found, held_out=held, verdict=verdict)


def searched(ideal: Ideal, requirement: Requirement) -> Mixed | None:
    judge = Judging(ideal, requirement)
    search = MixedSearch(cast("Mixer", ideal), requirement, judge, Quiet(), refine=True)
    return search.run(judge.of(ideal.path.plan(frozenset()).noise))


def allowed(requirement: Requirement, ideal: Ideal) -> float:
    """Return how much noise of groups meets a requirement in dB."""
    assert requirement.sqnr_db is not None
    return float((10 ** (-requirement.sqnr_db / 10) - FLOOR) / ideal.error)


@pytest.mark.parametrize("error", [1.0, 0.9, 1.1])
@pytest.mark.parametrize("db", [31.5, 34, 36.5])
def test_a_plan_that_does_is_found_in_few_trials(db: float, error: float) -> None:
    ideal, requirement = Ideal(error), Requirement(sqnr_db=db)
    found = searched(ideal, requirement)
    assert found is not None
    assert found.plan.noise <= allowed(requirement, ideal)
    first = next(p for p in ideal.path.plans() if p.noise <= allowed(requirement, ideal))
    assert found.plan.wide <= first.wide
    assert len(ideal.made_plans) <= 6


def test_the_prediction_says_where_to_look_first() -> None:
    ideal, requirement = Ideal(), Requirement(sqnr_db=34)
    found = searched(ideal, requirement)
    first = next(p for p in ideal.path.plans() if p.noise <= allowed(requirement, ideal))
    assert ideal.made_plans[0] == first
    assert found is not None
    assert found.plan.wide < first.wide  # some of it was not needed


def test_what_held_out_samples_are_not_content_with_is_not_good_enough() -> None:
    requirement = Requirement(sqnr_db=34)
    easy, hard = Ideal(), Ideal(harder=1.5)
    found, wider = searched(easy, requirement), searched(hard, requirement)
    assert found is not None
    assert wider is not None
    assert found.plan.wide < wider.plan.wide
    assert 1.5 * wider.plan.noise <= allowed(requirement, hard)
    fine = [plan.noise <= allowed(requirement, hard) for plan in hard.made_plans]
    assert len(hard.tried_plans) == sum(fine), "only what the samples are content with is tried"


def test_what_cannot_be_reached_is_not_found() -> None:
    assert searched(Ideal(), Requirement(sqnr_db=61)) is None


def test_points_are_searched_without_a_prediction() -> None:
    ideal = Ideal()
    found = searched(ideal, Requirement(points=1.0))
    assert found is not None
    assert found.plan == next(p for p in ideal.path.plans() if p.noise < 3e-4)
    assert len(ideal.made_plans) <= 4


def test_plans_as_dear_as_int16_everywhere_are_left_out() -> None:
    ideal = Ideal()
    whole = ideal.path.plans()[-1].cost
    found = searched(ideal, Requirement(sqnr_db=44))
    assert found is None or found.plan.cost.over(whole) < 0
    assert all(plan.cost.over(whole) < 0 for plan in ideal.made_plans)


def test_requirements_say_what_they_ask() -> None:
    texts: list[Any] = [str(Requirement.parse(each)) for each in ("", "38dB", "0.5")]
    assert texts == [
        "20 dB of output SQNR",
        "38 dB of output SQNR",
        "0.5 points of accuracy or agreement",
    ]
