"""What one inference of a fresh build costs in the emulator, for its report."""

from collections.abc import Sequence
from pathlib import Path

from edgec.driver.compile.compile import Compiled
from edgec.driver.reports.report import Measured
from edgec.errors import EdgecError
from edgec.firmware.emulate import Emulator
from edgec.firmware.profiling import profile_run
from edgec.targets.board import Board
from edgec.targets.cycle_model import LayerReads

# Chosen by hand: tracing makes the emulator some ten times slower (edgec/firmware/profiling.py).
_TRACED_MACS = 50_000_000  # above, a build counts but leaves cycles to `edgec profile`


def measure(
    compiled: Compiled, emulated: tuple[Board, Path] | None, sample: Sequence[bytes]
) -> tuple[Measured | None, list[str]]:
    """Count one inference on the board or its twin; without one the report has no counts.

    ``emulated`` is what QEMU runs. The second result is a warning where counting failed.
    """
    if emulated is None:
        return None, []
    reads = [LayerReads(step.weights_bytes, step.macs) for step in compiled.program.steps]
    try:
        if sum(each.macs for each in reads) > _TRACED_MACS:
            return _count_only(emulated, sample), []
        run = profile_run(*emulated, compiled.name, sample, reads, compiled.board)
    except EdgecError as error:
        return None, [f"instructions were not counted: {error.message}"]
    counts = [node.instructions for node in run.nodes]
    return Measured(run.instructions, counts, [node.cycles for node in run.nodes]), []


def _count_only(emulated: tuple[Board, Path], sample: Sequence[bytes]) -> Measured:
    """Count without the log that a cycle estimate needs: it takes long for a large model."""
    with Emulator(*emulated) as session:
        result = session.run(sample)
        layers = [cost.instructions or 0 for cost in session.profile()]
    return Measured(result.instructions or 0, layers, None)
