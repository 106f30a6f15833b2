"""The guard of files that state their quantization: integers far from their floats are refused.

Such a file comes without samples and is taken at its word; what it loses would be seen by nobody.
"""

from dataclasses import replace
from pathlib import Path

from edgec.driver.compile.stages import IntegerModel, PrequantizedModel
from edgec.driver.options import RANDOM, BuildOptions
from edgec.errors import EdgecError, Place
from edgec.ir import Graph
from edgec.quantization.prequantized.prequantized import Prequantized
from edgec.quantization.quality.stated_quality import StatedQuality, stated_quality
from edgec.quantization.samples.model_states import without_state_inputs
from edgec.quantization.samples.range_samples import MANNERS, range_samples
from edgec.quantization.samples.samples import read_samples

LEAST_DB = 10.0
"""Below: noise is a tenth of the signal, the build ends."""
_GOOD_DB = 20.0  # below: a warning
_COUNTS = (1, 4)  # samples of one manner, at least and at most; as many real ones in all
_BUDGET = 20_000_000  # multiplications in all samples of a manner: a second or so


def approved(made: IntegerModel, options: BuildOptions) -> IntegerModel:
    """Return a model with a warning where its stated quantization loses much.

    Raises ``poor-quantization`` below :data:`LEAST_DB`, unless --allow-poor is given. Models that
    edgec quantizes, and those without a float meaning, stay as they are.
    """
    stated = made.made_from
    if not isinstance(stated, PrequantizedModel) or stated.meaning is None:
        return made
    found, measured = _measured(stated.meaning, made.graph, options.calib)
    if found.worst is None or found.worst.db >= _GOOD_DB:
        return made
    if found.worst.db < LEAST_DB and not options.allow_poor:
        raise _poor(options.model, found, measured)
    told = f"{_shown(found)}, measured on {measured}"
    return replace(made, made_from=replace(stated, warnings=(*stated.warnings, told)))


def poor_quantization(model: str, meaning: Graph, integer: Graph) -> EdgecError | None:
    """Return what :func:`approved` raises, measured on drawn inputs; None where there is nothing.

    ``meaning`` are the floats that an integer graph stands for.
    """
    found, measured = _measured(meaning, integer, "")
    worst = found.worst
    return _poor(model, found, measured) if worst and worst.db < LEAST_DB else None


def _measured(meaning: Graph, integer: Graph, calib: str) -> tuple[StatedQuality, str]:
    """Return the quality, and what it was measured on."""
    annotated, count = Prequantized.of(meaning).annotated, _count(integer)
    if calib in ("", RANDOM):
        drawn = range_samples(integer, count)
        found = stated_quality(annotated, integer, drawn, groups=MANNERS, drawn=True)
        return found, f"{MANNERS * count} random inputs within the range that the file states"
    samples = read_samples(Path(calib), without_state_inputs(meaning)).first(MANNERS * count)
    found = stated_quality(annotated, integer, samples.arrays)
    return found, f"the first {len(samples)} samples of {Path(calib).name}"


def _count(integer: Graph) -> int:
    """Return how many samples of a manner there is time for."""
    macs = sum(node.op.macs(integer.signature(node)) for node in integer.nodes)
    least, most = _COUNTS
    return min(max(_BUDGET // max(macs, 1), least), most)


def _shown(found: StatedQuality) -> str:
    """Say how much is left, at the worst node and at the outputs."""
    assert found.worst is not None  # noqa: S101 - callers have looked
    return (
        "against the floats they stand for, the integers that the file states have "
        f"{found.worst.db:.1f} dB at node {found.worst.node!r}, {found.output_db:.1f} dB at the "
        "output"
    )


def _poor(model: str, found: StatedQuality, measured: str) -> EdgecError:
    worst, first = found.worst, found.first_below(LEAST_DB)
    assert worst is not None  # noqa: S101 - it is below
    assert first is not None  # noqa: S101 - the worst is below, if no other
    notes = [f"measured on {measured}"]
    if first.node != worst.node:
        notes.append(f"it begins at node {first.node!r}: {first.db:.1f} dB")
    return EdgecError(
        "poor-quantization",
        f"{_shown(found)}; less than {LEAST_DB:g} dB",
        place=Place(model, f"node {worst.node!r}"),
        notes=notes,
        help="quantize again with samples like the real inputs, or give the float model and "
        "--calib; --calib FILE.npz measures on your samples; --allow-poor builds it as it is",
    )
