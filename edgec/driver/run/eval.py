"""``edgec eval``: what quantization costs, on data of the user's own."""

from dataclasses import dataclass, replace
from pathlib import Path

from edgec.driver.compile.compile import integer_model, read_source
from edgec.driver.compile.labelled import check_labels, judged_samples
from edgec.driver.compile.max_drop import findings_on, quantized_evaluation, stated_evaluation
from edgec.driver.compile.requirements import Verdict
from edgec.driver.compile.stages import IntegerModel
from edgec.driver.compile.width_search import Widths
from edgec.driver.options import RANDOM, BuildOptions
from edgec.driver.progress import Progress, Quiet
from edgec.driver.run.deployed import Deployed, run_deployed
from edgec.driver.run.run import check_place
from edgec.errors import EdgecError
from edgec.quantization.quality.evaluation import Evaluation, evaluate_integers
from edgec.quantization.quality.metrics.choice import metrics_for
from edgec.quantization.quality.model_checks import about_labels, faint_parts, unlike
from edgec.quantization.samples.model_states import without_state_inputs
from edgec.quantization.samples.samples import Samples, read_samples

_STATED = "as in the file; float: the file's weights, activations not rounded"


@dataclass(frozen=True)
class EvalResult:
    """The figures, how the model was quantized, and what there is to warn of.

    ``verdict`` is on --max-drop: on the calibration samples and on the data; ``missed`` where it
    is missed. ``remarks`` are those of the warnings where nothing is wrong.
    """

    evaluation: Evaluation
    scheme: str
    warnings: tuple[str, ...]
    deployed: Deployed | None = None
    widths: Widths | None = None
    verdict: Verdict | None = None
    missed: EdgecError | None = None
    remarks: tuple[str, ...] = ()


def evaluate_model(
    options: BuildOptions, data: Path, progress: Progress | None = None, on: str = ""
) -> EvalResult:
    """Quantize a model as a build would and compare it with its float self on ``data``.

    Without --calib the data itself calibrates, which flatters the result: a warning says so. ``on``
    is a place as for ``edgec run``: firmware then runs all samples there too.
    """
    progress = progress or Quiet()
    if on:
        check_place(on)
    own = replace(options, calib=options.calib or str(data), allow_poor=True)
    own = own.quantization_checked()
    check_labels(data, without_state_inputs(read_source(own).graph), options.metric)
    made = integer_model(own, progress)
    result, samples = _evaluated(options, made, data, progress)
    if made.verdict is not None and options.max_drop:
        result = _judged(result, made, samples, options, data, progress)
    deployed = run_deployed(own, made, samples, on, progress) if on else None
    return replace(result, deployed=deployed)


def _evaluated(
    options: BuildOptions, made: IntegerModel, data: Path, progress: Progress
) -> tuple[EvalResult, Samples]:
    progress.stage("evaluating")
    visible = without_state_inputs(made.meaning or made.graph)
    read = read_samples(data, visible)
    samples = judged_samples(visible, read, data, options, strict=True)
    found, scheme = _figures(made, samples, progress)
    quantization = made.quantization
    samples = quantization.standardization.settled(samples) if quantization else samples
    warnings = [*made.warnings, *samples.warnings]
    if quantization is not None and not options.calib:
        warnings.append("eval: the data calibrated the model too; add --calib for a fair figure")
    if made.samples is not None and options.calib not in ("", RANDOM):
        warnings += [f"{data.name}: {text}" for text in unlike(samples, made.samples)]
    if quantization is None:  # a build warns of those of its own
        warnings += faint_parts(found.parts)
    doubts = about_labels(found.accuracies, metrics_for(visible, samples))
    warnings += [f"{data.name}: {text}" for text in doubts]
    widths = quantization.report.widths if quantization else None
    told = tuple(dict.fromkeys(warnings))
    return EvalResult(found, scheme, told, widths=widths, remarks=made.graph.remarks), samples


def _judged(
    result: EvalResult,
    made: IntegerModel,
    samples: Samples,
    options: BuildOptions,
    data: Path,
    progress: Progress,
) -> EvalResult:
    """Return a result with what the data says of --max-drop, beside the calibration samples."""
    verdict = made.verdict
    assert verdict is not None  # noqa: S101 - the caller has looked
    if options.calib:  # else the data calibrated, and is in the verdict
        measured_on = f"the {len(samples)} samples of {data.name}"
        found = result.evaluation
        verdict = verdict.also(*findings_on(made, found, samples, measured_on, options, progress))
    return replace(result, verdict=verdict, missed=made.judged(verdict).missed(options.model))


def _figures(made: IntegerModel, samples: Samples, progress: Progress) -> tuple[Evaluation, str]:
    """Return the figures, and how the model was quantized."""
    if made.meaning is None:
        return evaluate_integers(made.graph, samples), "as in the file"
    if made.quantization is None:
        return stated_evaluation(made.meaning, made.graph, samples, progress), _STATED
    found = quantized_evaluation(made, made.meaning, samples, progress)
    return found, str(made.quantization.report.quantized.recipe)
