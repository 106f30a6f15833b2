"""--max-drop of models that are not simply quantized: pruned ones, and files that are quantized."""

from pathlib import Path

from edgec.driver.compile.labelled import judged_samples
from edgec.driver.compile.quantization import SHOWN
from edgec.driver.compile.requirements import Finding, Requirement, Verdict
from edgec.driver.compile.stages import FloatModel, IntegerModel, PrequantizedModel
from edgec.driver.options import RANDOM, BuildOptions
from edgec.driver.progress import Progress
from edgec.errors import EdgecError, Place
from edgec.ir import Graph
from edgec.quantization.prequantized.prequantized import Prequantized
from edgec.quantization.quality.evaluation import Evaluation, evaluate_quantization
from edgec.quantization.ranges.clamped import clamped
from edgec.quantization.samples.model_states import without_state_inputs
from edgec.quantization.samples.samples import Samples, read_samples

_UNPRUNED = "the model before pruning"
_OWN_FLOATS = "the floats that the file states"


def quantized_evaluation(
    made: IntegerModel, reference: Graph, samples: Samples, progress: Progress
) -> Evaluation:
    """Compare a model that edgec quantized with a float graph of the same inputs and outputs."""
    assert made.quantization is not None  # noqa: S101 - edgec quantized it
    twin = made.quantization.standardization.opened(made.quantization.report.quantized.twin)
    return evaluate_quantization(reference, twin, made.graph, samples, progress.advance)


def stated_evaluation(
    meaning: Graph, integer: Graph, samples: Samples, progress: Progress
) -> Evaluation:
    """Compare integers that a file states with the floats they stand for."""
    smooth = clamped(Prequantized.of(meaning).annotated)
    return evaluate_quantization(smooth, smooth, integer, samples, progress.advance)


def findings_on(
    made: IntegerModel,
    found: Evaluation,
    samples: Samples,
    measured_on: str,
    options: BuildOptions,
    progress: Progress,
) -> list[Finding]:
    """Return what samples, on which ``found`` was measured, say of --max-drop."""
    requirement = Requirement.parse(options.max_drop)
    if isinstance(made.made_from, PrequantizedModel):
        return [requirement.judge(found, measured_on, _OWN_FLOATS)]
    pruning = _of_pruning(made, samples, measured_on, requirement, progress)
    return [requirement.judge(found, measured_on), *pruning]


def _of_pruning(
    made: IntegerModel,
    samples: Samples,
    measured_on: str,
    requirement: Requirement,
    progress: Progress,
) -> list[Finding]:
    """Return what samples say against the model before pruning; nothing where none was pruned."""
    source = made.made_from
    if not isinstance(source, FloatModel) or source.unpruned is None:
        return []
    progress.stage("measuring against the model before pruning")
    found = quantized_evaluation(made, source.unpruned, samples, progress)
    return [requirement.judge(found, measured_on, _UNPRUNED)]


def judged_unpruned(made: IntegerModel, options: BuildOptions, progress: Progress) -> IntegerModel:
    """Return a pruned model with what --max-drop means for it: pruning counts, too."""
    source, quantization = made.made_from, made.quantization
    if not isinstance(source, FloatModel) or quantization is None or not options.max_drop:
        return made
    samples, report = source.samples.first(SHOWN), quantization.report
    requirement = report.verdict.requirement
    found = _of_pruning(made, samples, report.measured_on, requirement, progress)
    return made.judged(report.verdict.also(*found))


def judged_as_stated(made: IntegerModel, options: BuildOptions, progress: Progress) -> IntegerModel:
    """Return a model whose file states its quantization with what --max-drop means for it.

    Raises ``max-drop-needs-float`` where the file has no floats to compare with, or no samples are
    given to do so.
    """
    stated = made.made_from
    if not isinstance(stated, PrequantizedModel) or not options.max_drop:
        return made
    if stated.meaning is None:
        raise _incomparable(
            options,
            "this model is quantized already and has no floats to compare with",
            "give the float model it was made from, with --calib; or leave --max-drop away",
        )
    if options.calib in ("", RANDOM):
        raise _incomparable(
            options,
            "comparing a quantized model with its own floats needs samples of real input",
            "add --calib samples.npz, or leave --max-drop away",
        )
    path = Path(options.calib)
    visible = without_state_inputs(stated.meaning)
    samples = judged_samples(visible, read_samples(path, visible), path, options).first(SHOWN)
    requirement = Requirement.parse(options.max_drop)
    requirement.check(stated.meaning, samples)
    progress.stage("measuring")
    found = stated_evaluation(stated.meaning, made.graph, samples, progress)
    measured_on = f"the first {found.samples} samples of {path.name}"
    findings = findings_on(made, found, samples, measured_on, options, progress)
    return made.judged(Verdict(requirement, True, tuple(findings)))


def _incomparable(options: BuildOptions, why: str, remedy: str) -> EdgecError:
    return EdgecError(
        "max-drop-needs-float",
        f"--max-drop {options.max_drop}: {why}",
        place=Place(options.model),
        help=remedy,
    )
