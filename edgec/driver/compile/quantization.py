"""From options to a quantized model: samples, recipe, and what the report says about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgec.driver.compile.requirements import Requirement
from edgec.driver.compile.width_search import MixedSearch, Trial, Widths, count_layers
from edgec.driver.options import RANDOM, BuildOptions
from edgec.driver.progress import Progress
from edgec.ir import DType, Graph, ValueName
from edgec.passes.cleanup.write_out_lstm import WriteOutLstm
from edgec.quantization.best import Quantized, quantize_best
from edgec.quantization.quality.evaluation import Evaluation, evaluate_quantization
from edgec.quantization.quality.model_checks import faint_parts, indifferent
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples.model_states import (
    with_alike_states,
    with_state_samples,
    without_state_inputs,
)
from edgec.quantization.samples.random_samples import random_samples
from edgec.quantization.samples.samples import Samples, read_samples
from edgec.quantization.widths.mixed import Mixer
from edgec.quantization.widths.sensitivity import Group

# Chosen by hand; no measurement is on record: they change what a report says, not what is built.
_WEAKEST = 5  # layers at most that a report shows the likely causes of
_SHOWN = 128  # samples that the report's figures are measured on
_SAME_DB = 0.05  # no part is worth naming that is no worse than this
_FLATTERY_DB = 1.0  # what samples that a model was made from may be better by


@dataclass(frozen=True, slots=True)
class QuantizationReport:
    """What the report says about a quantization."""

    quantized: Quantized
    evaluation: Evaluation
    widths: Widths | None = None
    warnings: tuple[str, ...] = ()

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
            "parts": [each.to_json() for each in measured.parts],
            "measured_on": f"{measured.samples} calibration samples",
            "held_out": {
                "samples": made.held_out,
                "output_sqnr_db": made.sqnr_db,
                "plain_output_sqnr_db": made.plain_sqnr_db,
            },
        }

    def accuracy_json(self) -> dict[str, Any] | None:
        """Return report.json's ``accuracy``; None where the samples have no labels."""
        found = accuracy_json(self.evaluation)
        if found is not None:
            found["measured_on"] = f"{self.evaluation.samples} calibration samples"
        return found


def accuracy_json(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return accuracies as JSON values."""
    accuracy = evaluation.accuracy
    if accuracy is None:
        return None
    return {
        "float": accuracy.original,
        "quantized": accuracy.quantized,
        "metric": accuracy.metric,
    }


def calibration_samples(options: BuildOptions, graph: Graph) -> Samples:
    """Return the samples that --calib names; ``random`` draws some and warns.

    For a model with states they are one sequence, which starts from zero.
    """
    visible = without_state_inputs(graph)
    if options.calib == RANDOM:
        return with_state_samples(graph, random_samples(visible))
    path = Path(options.calib)
    samples = with_state_samples(graph, read_samples(path, visible))
    doubts = [f"{path.name}: {text}" for text in indifferent(graph, samples)]
    return replace(samples, warnings=(*samples.warnings, *doubts))


def quantize_model(
    options: BuildOptions, graph: Graph, samples: Samples, progress: Progress
) -> QuantizationReport:
    """Quantize a float graph as the options ask.

    ``auto`` takes int16 for as few layers as meet --max-drop where int8 misses it, and everywhere
    where only that is left. A warning tells of a --max-drop that is missed.
    """
    work = _Quantizing(options, graph, samples, progress)
    report = work.auto() if options.width == "auto" else work.asked()
    told = faint_parts(report.evaluation.parts)
    return replace(report, warnings=(*report.warnings, *told))


@dataclass(frozen=True, slots=True)
class _Quantizing:
    options: BuildOptions
    graph: Graph
    samples: Samples
    progress: Progress

    def asked(self) -> QuantizationReport:
        """Quantize to the width that is asked for."""
        report = self._by(_recipe(self.options))
        missed = self.options.max_drop and not self._requirement.met_by(report.evaluation)
        return self._with_warning(report) if missed else report

    def auto(self) -> QuantizationReport:
        """Quantize to int8, to int8 and int16, or to int16: to the first that is good enough."""
        recipe, requirement = _recipe(self.options), self._requirement
        narrow = self._by(recipe)
        trials = [Trial.of(narrow.quantized, narrow.evaluation, requirement)]
        if trials[0].met:
            return self._explained(narrow, trials)
        mixer = Mixer.of(narrow.quantized, self.graph, self.samples, self.progress)
        judge, refine = self._evaluation, self._is_searched
        search = MixedSearch(mixer, requirement, judge, self.progress, refine, trials)
        mixed = search.run(narrow.evaluation)
        if mixed is not None:
            report = QuantizationReport(mixer.judged(mixed.quantized), mixed.evaluation)
            return self._explained(report, trials, mixer.groups, mixed.plan.wide)
        report = self._by(replace(recipe, activations=DType.INT16))
        trials.append(Trial.of(report.quantized, report.evaluation, requirement))
        wide = frozenset(group.root for group in mixer.groups if group.can_widen)
        report = self._explained(report, trials, mixer.groups, wide)
        return report if trials[-1].met else self._with_warning(report)

    @property
    def _requirement(self) -> Requirement:
        return Requirement.parse(self.options.max_drop)

    @property
    def _is_searched(self) -> bool:
        return _recipe(self.options).reconstruct

    def _by(self, recipe: Recipe) -> QuantizationReport:
        wide = recipe.activations is DType.INT16
        source = _in_steps(self.graph) if wide else self.graph
        quantized = quantize_best(source, self.samples, recipe, self.progress)
        self.progress.stage("measuring")
        return QuantizationReport(quantized, self._evaluation(quantized))

    def _evaluation(self, made: Quantized) -> Evaluation:
        shown = self.samples.first(_SHOWN)
        return evaluate_quantization(
            self.graph, made.twin, made.graph, shown, self.progress.advance
        )

    def _explained(
        self,
        report: QuantizationReport,
        trials: Sequence[Trial],
        groups: tuple[Group, ...] = (),
        wide: frozenset[ValueName] = frozenset(),
    ) -> QuantizationReport:
        made, requirement = report.quantized, self._requirement
        met = requirement.met_by(report.evaluation)
        counts = count_layers(made), count_layers(made, DType.INT16)
        widths = Widths(requirement, met, *counts, tuple(trials), groups, wide)
        return replace(report, widths=widths, warnings=_flattered(made, requirement) if met else ())

    def _with_warning(self, report: QuantizationReport) -> QuantizationReport:
        found, width = report.evaluation, report.quantized.recipe.width
        left = "no wider type is left" if self._is_searched else "try --effort best"
        advice = "try --quantize auto" if width == "int8" else left
        text = f"--max-drop {self.options.max_drop} is missed with {width}: {_reached(found)}"
        return replace(report, warnings=(f"{text}; {advice}",))


def _flattered(made: Quantized, requirement: Requirement) -> tuple[str, ...]:
    """Return a warning where samples that a model was not made from tell another story."""
    wanted, reached = requirement.sqnr_db, made.sqnr_db
    if wanted is None or reached is None or reached >= wanted - _FLATTERY_DB:
        return ()
    text = (
        f"the calibration samples meet {requirement}, but {made.held_out} of them, held out from "
        f"a trial, reached {reached:.1f} dB only; calibrate with more samples, or ask for more dB"
    )
    return (text,)


def _reached(found: Evaluation) -> str:
    """Return what a model reaches, in the terms of --max-drop."""
    parts = []
    if found.output_sqnr_db is not None:
        parts.append(f"output SQNR {found.output_sqnr_db:.1f} dB")
    worst = found.worst_part
    if worst is not None and worst.sqnr_db < (found.output_sqnr_db or 0.0) - _SAME_DB:
        parts.append(f"its worst part, {worst}, {worst.sqnr_db:.1f} dB")
    if found.accuracy is not None and found.accuracy.original is not None:
        drop = 100 * (found.accuracy.original - found.accuracy.quantized)
        parts.append(f"accuracy drop {drop:.2f} points")
    elif found.top1_agreement is not None:
        parts.append(f"same top-1 as float {found.top1_agreement:.2%}")
    return ", ".join(parts)


def _in_steps(graph: Graph) -> Graph:
    """Return the graph with LSTMs as their steps, which can be int16; states stay alike."""
    written = WriteOutLstm().run(graph)
    return graph if written is graph else with_alike_states(written)


def _recipe(options: BuildOptions) -> Recipe:
    activations = DType.INT16 if options.width == "int16x8" else DType.INT8
    if options.effort == "fast" or options.calib == RANDOM:  # nothing to learn from noise
        ranges = "minmax" if options.calibration == "auto" else options.calibration
        return Recipe.plain(ranges, activations)
    return Recipe(options.calibration, activations=activations)
