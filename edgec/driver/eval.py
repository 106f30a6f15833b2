"""``edgec eval``: what quantization costs, on data of the user's own."""

from dataclasses import dataclass, replace
from pathlib import Path

from edgec.driver.compile import PassLog, integer_model
from edgec.driver.options import BuildOptions
from edgec.driver.progress import Progress, Quiet
from edgec.frontends import load
from edgec.quantization.evaluate import Evaluation, evaluate_integers, evaluate_quantization
from edgec.quantization.samples import read_samples


@dataclass(frozen=True)
class EvalResult:
    """The figures, how the model was quantized, and what there is to warn of."""

    evaluation: Evaluation
    scheme: str
    warnings: tuple[str, ...]


def evaluate_model(
    options: BuildOptions, data: Path, progress: Progress | None = None
) -> EvalResult:
    """Quantize a model as a build would and compare it with its float self on ``data``.

    Without --calib the data itself calibrates, which flatters the result: a warning says so.
    """
    progress = progress or Quiet()
    progress.stage("reading the model")
    model = load(Path(options.model), options.shapes)
    own = replace(options, calib=options.calib or str(data)).quantization_checked()
    made = integer_model(own, model, PassLog(), progress)
    progress.stage("evaluating")
    if made.float_graph is None or made.quantization is None:
        samples = read_samples(data, made.graph)
        return EvalResult(
            evaluate_integers(made.graph, samples), "as in the file", samples.warnings
        )
    samples = read_samples(data, made.float_graph)
    twin = made.quantization.quantized.twin
    found = evaluate_quantization(made.float_graph, twin, made.graph, samples, progress.advance)
    warnings = [*(made.samples.warnings if made.samples else ()), *samples.warnings]
    if not options.calib:
        warnings.append("eval: the data calibrated the model too; add --calib for a fair figure")
    return EvalResult(found, str(made.quantization.quantized.recipe), tuple(warnings))
