"""From options to a quantized model: samples, recipe, and what the report says about it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgec.driver.options import RANDOM, BuildOptions
from edgec.driver.progress import Progress
from edgec.driver.requirements import Requirement
from edgec.ir import DType, Graph
from edgec.quantization.doubts import indifferent
from edgec.quantization.evaluate import Evaluation, evaluate_quantization
from edgec.quantization.optimize import Quantized, quantize_best
from edgec.quantization.random_samples import random_samples
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples import Samples, read_samples
from edgec.quantization.states import with_state_samples, without_state_inputs

_SHOWN = 128  # samples that the report's figures are measured on


@dataclass(frozen=True, slots=True)
class QuantizationReport:
    """What the report says about a quantization."""

    quantized: Quantized
    evaluation: Evaluation

    def to_json(self) -> dict[str, Any]:
        """Return report.json's ``quantization``."""
        made, measured = self.quantized, self.evaluation
        return {
            "scheme": str(made.recipe),
            "per_layer": [{"name": each.name, "sqnr_db": each.sqnr_db} for each in measured.layers],
            "output_sqnr_db": measured.output_sqnr_db,
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
) -> tuple[Quantized, QuantizationReport]:
    """Quantize a float graph as the options ask; ``auto`` takes int16 where int8 falls short."""
    made = _measured(graph, samples, _recipe(options), progress)
    requirement = Requirement.parse(options.max_drop)
    if options.quantize == "auto" and not requirement.met_by(made[1].evaluation):
        wider = replace(_recipe(options), activations=DType.INT16)
        made = _measured(graph, samples, wider, progress)
    return made


def _measured(
    graph: Graph, samples: Samples, recipe: Recipe, progress: Progress
) -> tuple[Quantized, QuantizationReport]:
    quantized = quantize_best(graph, samples, recipe, progress)
    progress.stage("measuring")
    shown = samples.first(_SHOWN)
    evaluation = evaluate_quantization(
        graph, quantized.twin, quantized.graph, shown, progress.advance
    )
    return quantized, QuantizationReport(quantized, evaluation)


def _recipe(options: BuildOptions) -> Recipe:
    activations = DType.INT16 if options.quantize == "int16x8" else DType.INT8
    if options.effort == "fast" or options.calib == RANDOM:  # nothing to learn from noise
        ranges = "minmax" if options.calibration == "auto" else options.calibration
        return Recipe.plain(ranges, activations)
    return Recipe(options.calibration, activations=activations)
