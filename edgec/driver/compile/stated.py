"""Models whose file states how they are quantized (QDQ, QLinear): no samples needed."""

from pathlib import Path

from edgec.driver.options import RANDOM
from edgec.driver.progress import Progress
from edgec.ir import Graph
from edgec.passes.cleanup.write_out_lstm import WriteOutLstm
from edgec.quantization.prequantized.prequantized import Prequantized, is_annotated
from edgec.quantization.ranges.calibrate import summarize
from edgec.quantization.ranges.room import with_room
from edgec.quantization.samples.random_samples import random_samples
from edgec.quantization.samples.samples import read_samples


def integers_as_stated(
    file: str, calib: str, graph: Graph, progress: Progress
) -> tuple[Graph, tuple[str, ...]]:
    """Return the integer graph of an optimized float graph with the scales its file states.

    Beside it comes what there is to warn of: numbers that could not be kept as they are.

    Samples (``calib``, may be empty or ``random``) quantize what the file leaves in float, with
    room in ranges where they are few. Raises
    ``incomplete-quantization`` where there is such and no samples are given.
    """
    progress.stage("quantizing as the file states")
    stated = Prequantized.of(graph)
    if calib and not stated.is_complete():
        floats = stated.floats
        samples = random_samples(floats) if calib == RANDOM else read_samples(Path(calib), floats)
        seen = summarize(floats, samples, progress.advance)
        stated = stated.completed({value: with_room(each) for value, each in seen.items()})
        return stated.integers(file), (*stated.warnings, *samples.warnings)
    return stated.integers(file), stated.warnings


def in_steps_if_annotated(graph: Graph) -> Graph:
    """Return a float graph whose LSTMs are steps where its file states quantizations."""
    return WriteOutLstm().run(graph) if is_annotated(graph) else graph
