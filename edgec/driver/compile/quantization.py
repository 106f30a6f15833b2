"""From options to a quantized model: samples, recipe, and what the report says about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgec.driver.compile.labelled import accuracy_json, figure_json, judged_samples
from edgec.driver.compile.requirements import Requirement, Verdict
from edgec.driver.compile.width_search import Judgement, MixedSearch, Trial, Widths, count_layers
from edgec.driver.options import RANDOM, BuildOptions
from edgec.driver.progress import Progress
from edgec.ir import DType, Graph, ValueName
from edgec.passes.cleanup.write_out_lstm import WriteOutLstm
from edgec.quantization.best import FEWEST, Quantized, quantize_best
from edgec.quantization.candidates import Maker
from edgec.quantization.quality.evaluation import Evaluation, evaluate_quantization
from edgec.quantization.quality.metrics.choice import metrics_for
from edgec.quantization.quality.metrics.distances import ValueDistance
from edgec.quantization.quality.metrics.metric import Accuracy
from edgec.quantization.quality.model_checks import faint_parts, indifferent
from edgec.quantization.quality.one_class import about_one_class
from edgec.quantization.ranges.room import ROOMY
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples.model_states import (
    with_alike_states,
    with_state_samples,
    without_state_inputs,
)
from edgec.quantization.samples.outliers import without_outliers
from edgec.quantization.samples.random_samples import random_samples
from edgec.quantization.samples.samples import Samples, read_samples
from edgec.quantization.widths.mixed import Mixer
from edgec.quantization.widths.sensitivity import Group

# Chosen by hand; no measurement is on record: they change what a report says, not what is built.
_WEAKEST = 5  # layers at most that a report shows the likely causes of
SHOWN = 128  # samples that the report's figures are measured on

_REGRESSION = Requirement(sqnr_db=40.0)  # noise of a hundredth of the output's size
_FEW_NUMBERS = 64  # values of an output: more are a picture or a signal, where int16 costs much


@dataclass(frozen=True, slots=True)
class QuantizationReport:
    """What the report says about a quantization."""

    quantized: Quantized
    evaluation: Evaluation
    held_out: Evaluation | None
    verdict: Verdict
    advice: str = ""
    widths: Widths | None = None
    warnings: tuple[str, ...] = ()

    @property
    def measured_on(self) -> str:
        return _calibration(self.evaluation)

    def to_json(self) -> dict[str, Any]:
        """Return report.json's ``quantization``."""
        made, measured = self.quantized, self.evaluation
        return {
            "scheme": str(made.recipe),
            "widths": self.widths.to_json() if self.widths else None,
            "per_layer": [
                {
                    "name": each.name,
                    "type": each.dtype.value,
                    "sqnr_db": each.sqnr_db,
                    "hint": each.hint,
                }
                for each in measured.layers
            ],
            "weakest": [each.name for each in measured.worst(_WEAKEST) if each.hint],
            "output_sqnr_db": measured.output_sqnr_db,
            "worst_part_sqnr_db": measured.worst_sqnr_db,
            "parts": [each.to_json() for each in measured.parts],
            "measured_on": self.measured_on,
            "held_out": self._held_out_json(),
            "max_drop": self.verdict.to_json(),
        }

    def _held_out_json(self) -> dict[str, Any]:
        """Return what samples say of a trial that was not made of them.

        ``searched`` are means of what searches judge: values before a final softmax or the like.
        """
        made, found = self.quantized, self.held_out
        return {
            "samples": made.held_out,
            "output_sqnr_db": found.output_sqnr_db if found else None,
            "worst_part_sqnr_db": found.worst_sqnr_db if found else None,
            "accuracy": accuracy_json(found) if found else None,
            "searched_sqnr_db": made.sqnr_db,
            "plain_searched_sqnr_db": made.plain_sqnr_db,
        }

    def accuracy_json(self) -> dict[str, Any] | None:
        """Return report.json's ``accuracy``; None where the samples have no labels."""
        found = self.evaluation.accuracy
        return None if found is None else self._measured(found)

    def accuracies_json(self) -> list[dict[str, Any]]:
        """Return report.json's ``accuracies``: one for each array of labels."""
        return [self._measured(each) for each in self.evaluation.accuracies]

    def _measured(self, found: Accuracy) -> dict[str, Any]:
        return {**figure_json(found), "measured_on": self.measured_on}


def calibration_samples(options: BuildOptions, graph: Graph) -> Samples:
    """Return the samples that --calib names; ``random`` draws some and warns.

    For a model with states they are one sequence, which starts from zero. Samples far off the
    others are left out, but of a sequence, and where a rule for the ranges is asked for by name.
    """
    visible = without_state_inputs(graph)
    if options.calib == RANDOM:
        return with_state_samples(graph, random_samples(visible))
    path = Path(options.calib)
    samples = judged_samples(visible, read_samples(path, visible), path, options)
    if not graph.states and options.calibration == "auto":
        samples = without_outliers(samples, path.name)
    samples = with_state_samples(graph, samples)
    told = (*indifferent(graph, samples), *about_one_class(graph, samples))
    doubts = [f"{path.name}: {text}" for text in told]
    return replace(samples, warnings=(*samples.warnings, *doubts))


def quantize_model(
    options: BuildOptions, graph: Graph, samples: Samples, progress: Progress
) -> QuantizationReport:
    """Quantize a float graph as the options ask.

    ``auto`` takes int16 for as few layers as meet --max-drop where int8 misses it, and everywhere
    where only that is left. The verdict tells of a --max-drop that is missed.
    """
    numbers = _numbers_to_hit(options, graph, samples)
    work = _Quantizing(options, graph, samples, progress, numbers)
    report = work.auto() if numbers or options.width == "auto" else work.asked()
    told = faint_parts(report.evaluation.parts)
    return replace(report, warnings=(*report.warnings, *told))


def _numbers_to_hit(options: BuildOptions, graph: Graph, samples: Samples) -> str:
    """Return why outputs need more than int8 where nothing else is asked for, or ""."""
    if options.quantize or options.max_drop or options.calib == RANDOM:
        return ""
    for each in metrics_for(graph, samples):
        few = graph.types[each.output].elements <= _FEW_NUMBERS
        if isinstance(each, ValueDistance) and few and not graph.types[each.output].qparams:
            return f"{each.key!r} are numbers to be hit; --quantize int8 keeps all layers int8"
    return ""


@dataclass(frozen=True, slots=True)
class _Quantizing:
    """``numbers`` tells why this is a regression, whose outputs need more than int8, or is ""."""

    options: BuildOptions
    graph: Graph
    samples: Samples
    progress: Progress
    numbers: str = ""

    def asked(self) -> QuantizationReport:
        """Quantize to the width that is asked for."""
        return self._report(self._by(_recipe(self.options)))

    def auto(self) -> QuantizationReport:
        """Quantize to int8, to int8 and int16, or to int16: to the first that is good enough."""
        recipe, requirement = _recipe(self.options), self._requirement
        narrow = self._by(recipe)
        trials = [Trial.of(narrow)]
        if trials[0].met:
            return self._explained(narrow, trials)
        mixer = Mixer.of(narrow.quantized, self.graph, self.samples, self.progress)
        refine = self._is_searched
        search = MixedSearch(mixer, requirement, self, self.progress, refine, trials)
        mixed = search.run(narrow)
        if mixed is not None:
            return self._explained(mixed.judgement, trials, mixer.groups, mixed.plan.wide)
        whole = self._by(replace(recipe, activations=DType.INT16))
        trials.append(Trial.of(whole))
        wide = frozenset(group.root for group in mixer.groups if group.can_widen)
        return self._explained(whole, trials, mixer.groups, wide)

    @property
    def _requirement(self) -> Requirement:
        return _REGRESSION if self.numbers else Requirement.parse(self.options.max_drop)

    @property
    def _is_searched(self) -> bool:
        return _recipe(self.options).reconstruct

    def _by(self, recipe: Recipe) -> Judgement:
        wide = recipe.activations is DType.INT16
        source = _in_steps(self.graph) if wide else self.graph
        made = quantize_best(source, self.samples, recipe, self.progress)
        judged = bool(self.options.max_drop or self.numbers)
        if made.trial is None and judged and len(self.samples) >= FEWEST:
            trial = self._maker.trial(made.prepared, made.recipe)
            made = replace(made, trial=trial, held_out=len(self._maker.held_out))
        self.progress.stage("measuring")
        return self.judged(made)

    def judged(self, made: Quantized) -> Judgement:
        """Return how good a model is on the calibration samples, and its trial on others."""
        found = self._evaluation(made, made.graph, self.samples.first(SHOWN))
        said = self._requirement.judge(found, _calibration(found))
        verdict = Verdict(self._requirement, bool(self.options.max_drop), (said,))
        return self.tried(Judgement(made, found, None, verdict), made)

    def tried(self, found: Judgement, made: Quantized) -> Judgement:
        """Return the same of a model that has got a trial since.

        Of a model with states samples are one sequence, from which none can be taken out.
        """
        if made.trial is None or self.graph.states:
            return found
        held = self._evaluation(made, made.trial, self._maker.held_out)
        measured_on = f"{held.samples} held-out samples, of a trial made of the others"
        said = self._requirement.judge(held, measured_on, few=True)
        return Judgement(made, found.evaluation, held, found.verdict.also(said))

    @property
    def _maker(self) -> Maker:
        return Maker(self.graph, self.samples, self.progress)

    def _evaluation(self, made: Quantized, integer: Graph, samples: Samples) -> Evaluation:
        return evaluate_quantization(self.graph, made.twin, integer, samples, self.progress.advance)

    def _report(self, found: Judgement) -> QuantizationReport:
        advice = self._advice(found.quantized.recipe)
        return QuantizationReport(
            found.quantized, found.evaluation, found.held_out, found.verdict, advice
        )

    def _explained(
        self,
        found: Judgement,
        trials: Sequence[Trial],
        groups: tuple[Group, ...] = (),
        wide: frozenset[ValueName] = frozenset(),
    ) -> QuantizationReport:
        made, verdict = found.quantized, found.verdict
        counts = count_layers(made), count_layers(made, DType.INT16)
        widths = Widths(
            verdict.requirement, verdict.met, *counts, tuple(trials), groups, wide, self.numbers
        )
        report = replace(self._report(found), widths=widths)
        if verdict.met or verdict.asked:
            return report
        missed = "; ".join(str(each) for each in verdict.missed)
        looks = f"{self.numbers}: these look" if self.numbers else "--quantize auto looks"
        told = f"{looks} for {verdict.requirement}; reached: {missed}"
        return replace(report, warnings=(f"{told}; {report.advice}",))

    def _advice(self, recipe: Recipe) -> str:
        """Return what to do where --max-drop is missed."""
        if recipe.width == "int8" and not self.numbers:
            return "try --quantize auto, which makes int16 the layers that need it"
        if not self._is_searched:
            return "try --effort best, and real samples"
        return "no wider type is left: ask for less, or calibrate with more samples like real input"


def _calibration(found: Evaluation) -> str:
    return f"{found.samples} calibration samples"


def _in_steps(graph: Graph) -> Graph:
    """Return the graph with LSTMs as their steps, which can be int16; states stay alike."""
    written = WriteOutLstm().run(graph)
    return graph if written is graph else with_alike_states(written)


def _recipe(options: BuildOptions) -> Recipe:
    activations = DType.INT16 if options.width == "int16x8" else DType.INT8
    if options.effort == "fast" or options.calib == RANDOM:  # nothing to learn from noise
        ranges = ROOMY if options.calibration == "auto" else options.calibration
        return Recipe.plain(ranges, activations, correct_bias=options.calib != RANDOM)
    return Recipe(options.calibration, activations=activations)
