"""``edgec eval --on``: the quantized model in firmware, on the samples it is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgec.driver.compile.build import build_integers
from edgec.driver.compile.golden import raw_inputs, reference_outputs
from edgec.driver.compile.stages import IntegerModel
from edgec.driver.options import BuildOptions
from edgec.driver.output import open_output
from edgec.driver.progress import Progress
from edgec.driver.run.run import check_place, run_all
from edgec.quantization.samples.samples import Samples
from edgec.scratch import scratch_folder

BOARD = "qemu-m4"
"""Where no board is named."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """How often firmware differed from the figures' integer reference; instructions of a run."""

    place: str
    board: str
    samples: int
    mismatches: int
    instructions: int | None


def run_deployed(
    options: BuildOptions, made: IntegerModel, samples: Samples, place: str, progress: Progress
) -> Deployed:
    """Build firmware of an integer model, run the samples in it and compare every byte.

    ``place`` is as for ``edgec run``. A board at a serial port has to carry a build of this model
    with these options.
    """
    check_place(place)
    options = replace(options, board=options.board or BOARD)
    with scratch_folder("eval") as folder:
        inside = replace(options, output=str(folder / "build"))
        built = open_output(build_integers(inside, made, progress).folder)
        inputs = raw_inputs(samples, built.inputs, range(len(samples)))
        progress.stage("evaluating the reference")
        expected = reference_outputs(made.graph, inputs, progress)
        actual, counts = run_all(built, inputs, place, progress)
    differ = sum(one != other for one, other in zip(expected, actual, strict=True))
    return Deployed(place, options.board, len(inputs), differ, _mean(counts))


def _mean(counts: Sequence[int] | None) -> int | None:
    return round(sum(counts) / len(counts)) if counts else None
