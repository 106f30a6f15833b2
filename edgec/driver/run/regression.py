"""``edgec test``: a firmware against its reference, byte for byte, and layer by layer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgec.driver.compile.built_graph import built_graph
from edgec.driver.compile.golden import golden_of, reference_outputs
from edgec.driver.output import OutputInfo, open_output
from edgec.driver.ports import RawSamples, read_inputs
from edgec.driver.progress import Progress, Quiet
from edgec.driver.run.first_layer import LayerDifference, first_different_layer
from edgec.driver.run.flash import require_self_test
from edgec.driver.run.run import DEFAULT_TIMEOUT, open_session, run_all
from edgec.driver.tolerance import tolerance_of
from edgec.errors import EdgecError, ExitCode
from edgec.ir import ValueName
from edgec.quantization.quality.evaluation import worst_of
from edgec.quantization.quality.metrics.choice import chosen
from edgec.quantization.quality.metrics.metric import Accuracy, figures_alone
from edgec.quantization.quality.model_checks import about_labels

_FINISHED = re.compile(r"after (\d+) nodes of the model")


@dataclass(frozen=True)
class Mismatch:
    """The first element that differs in a sample."""

    sample: int
    output: str
    index: tuple[int, ...]
    expected: int | float
    actual: int | float


@dataclass(frozen=True)
class RegressionResult:
    """How a firmware compares with its reference.

    ``different`` has the first difference of every sample that differs; ``layer`` is the first
    layer that went wrong in the first of them, where it was asked for; ``accuracies`` need labels.
    """

    samples: int
    different: tuple[Mismatch, ...]
    accuracies: tuple[Accuracy, ...]
    instructions: list[int] | None
    layer: LayerDifference | None = None
    warnings: tuple[str, ...] = ()

    @property
    def accuracy(self) -> Accuracy | None:
        """The one that speaks for all, as in ``edgec eval``."""
        return worst_of(self.accuracies)

    @property
    def mismatches(self) -> int:
        return len(self.different)

    @property
    def first(self) -> Mismatch | None:
        return self.different[0] if self.different else None


def run_regression(
    folder: Path,
    data: Path | None = None,
    on: str = "emulator",
    progress: Progress | None = None,
    *,
    layers: bool = False,
    timeout: float = DEFAULT_TIMEOUT,
) -> RegressionResult:
    """Compare a built model with its reference: integers byte for byte, floats within a tolerance.

    Without ``data`` the reference is what the build recorded; with it, the integer reference is
    evaluated anew from the folder's target graph. ``layers`` looks inside for the first layer that
    differs; ``timeout`` (s) bounds each run of the model. Raises ``self-test-failed`` where all
    outputs are right and yet the weights are not.
    """
    progress = progress or Quiet()
    built = open_output(folder)
    if layers and on == "host":
        raise _not_on_host()
    samples = RawSamples([])
    if data is None:
        inputs, expected = golden_of(built)
    else:
        samples = read_inputs(data, built.inputs)
        inputs = samples.inputs
        progress.stage("evaluating the reference")
        expected = reference_outputs(built_graph(built), inputs, progress)
    try:
        actual, instructions = run_all(built, inputs, on, progress, timeout)
    except EdgecError as error:
        raise with_layer(error, built.report["layers"]) from None
    different = _differences(built, expected, actual)
    if not different and on != "host":
        progress.stage("checking the weights")
        with open_session(built, on, timeout) as session:
            require_self_test(built, session)
    layer = None
    if layers and different:
        progress.stage("looking for the layer")
        layer = first_different_layer(built, inputs[different[0].sample], on)
    accuracies: tuple[Accuracy, ...] = ()
    warnings = samples.warnings
    if samples.labels:
        accuracies, doubts = _accuracies(built, inputs, actual, samples)
        warnings = (*warnings, *doubts)
    return RegressionResult(len(actual), different, accuracies, instructions, layer, warnings)


def with_layer(error: EdgecError, layers: Sequence[dict[str, Any]]) -> EdgecError:
    """Add the name of the layer to an error that says after how many nodes a firmware stopped."""
    found = _FINISHED.search(error.message)
    if found is None or int(found[1]) >= len(layers):
        return error
    layer = layers[int(found[1])]
    return EdgecError(
        error.code,
        error.message,
        place=error.place,
        help=error.help,
        notes=(*error.notes, f"in layer {layer['name']!r} ({layer['op']}, {layer['kernel']})"),
        exit_code=error.exit_code,
    )


def _differences(
    built: OutputInfo, expected: list[list[bytes]], actual: list[list[bytes]]
) -> tuple[Mismatch, ...]:
    found = (
        _first_difference(built, number, want, have)
        for number, (want, have) in enumerate(zip(expected, actual, strict=True))
        if want != have
    )
    return tuple(each for each in found if each is not None)


def _first_difference(
    built: OutputInfo, sample: int, expected: list[bytes], actual: list[bytes]
) -> Mismatch | None:
    """Return the first element that is further off than its type may be; None where none is."""
    for port, *raw in zip(built.outputs, expected, actual, strict=True):
        want, have = (port.decode([each])[0] for each in raw)
        wrong = tolerance_of(port.type.dtype).differs(want, have)
        if wrong.any():
            where = tuple(int(axis[0]) for axis in np.nonzero(wrong))
            return Mismatch(sample, port.name, where, want[where].item(), have[where].item())
    return None


def _accuracies(
    built: OutputInfo, inputs: list[list[bytes]], outputs: list[list[bytes]], given: RawSamples
) -> tuple[tuple[Accuracy, ...], list[str]]:
    """Return what labels say of the outputs, and what is odd about them."""
    graph = built_graph(built)
    choice = chosen(graph, given.labels)
    sides = ((built.inputs[:1], inputs), (built.outputs, outputs))
    seen = {
        ValueName(port.name): port.reals([sample[index] for sample in samples])
        for ports, samples in sides
        for index, port in enumerate(ports)
    }
    found = figures_alone(choice.metrics, seen)
    return found, [*choice.warnings, *about_labels(found, choice.metrics)]


def _not_on_host() -> EdgecError:
    return EdgecError(
        "invalid-option",
        "--layers: tensors inside the model can be seen in the emulator and on a board only",
        help="leave --on host away, or --layers",
        exit_code=ExitCode.USAGE,
    )
