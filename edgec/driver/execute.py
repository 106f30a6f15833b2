"""``edgec run`` and ``edgec test``: a built model on the emulator or on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgec.backends import base as backends
from edgec.backends.select import BACKENDS_BY_CHOICE, lower
from edgec.codegen.library import Origin, library_tree
from edgec.driver.golden import read_golden, reference_outputs
from edgec.driver.output import OutputInfo, open_output
from edgec.driver.ports import PortInfo, random_inputs, read_inputs, write_npz
from edgec.driver.progress import Progress, Quiet
from edgec.errors import EdgecError, ExitCode
from edgec.firmware.emulate import Emulator, Session
from edgec.firmware.host import HostProcess
from edgec.frontends import load
from edgec.ir import Array, Graph
from edgec.memory.liveness import live_ranges
from edgec.memory.planner import plan
from edgec.targets.cpu import CPUS

PLACES = ("emulator", "host")


@dataclass(frozen=True)
class RunResult:
    """Outputs of every sample in the source's layout; instructions of each run where counted."""

    outputs: dict[str, Array]
    samples: int
    instructions: list[int] | None


@dataclass(frozen=True)
class Mismatch:
    """The first element that differs."""

    sample: int
    output: str
    index: tuple[int, ...]
    expected: int | float
    actual: int | float


@dataclass(frozen=True)
class RegressionResult:
    """How a firmware compares with its reference; ``accuracy`` where there are labels."""

    samples: int
    mismatches: int
    first: Mismatch | None
    accuracy: float | None
    instructions: list[int] | None


def run(
    folder: Path,
    input_file: Path | None = None,
    output_file: Path | None = None,
    on: str = "emulator",
    progress: Progress | None = None,
) -> RunResult:
    """Run inputs (npz, or one seeded random sample) through a built model."""
    progress = progress or Quiet()
    built = open_output(folder)
    inputs = _inputs(input_file, built)
    raw, instructions = _run_all(built, inputs, on, progress)
    outputs = _decoded(built.outputs, raw)
    if output_file is not None:
        write_npz(output_file, outputs)
    return RunResult(outputs, len(raw), instructions)


def run_regression(
    folder: Path,
    data: Path | None = None,
    on: str = "emulator",
    progress: Progress | None = None,
) -> RegressionResult:
    """Compare a built model byte for byte with its reference.

    Without ``data`` the reference is what the build recorded; with it, the integer reference is
    evaluated anew from the folder's .tflite file.
    """
    progress = progress or Quiet()
    built = open_output(folder)
    labels: Array | None = None
    if data is None:
        inputs, expected = read_golden(built.golden, len(built.inputs), len(built.outputs))
    else:
        samples = read_inputs(data, built.inputs)
        inputs, labels = samples.inputs, samples.labels
        progress.stage("evaluating the reference")
        expected = reference_outputs(load(built.tflite).graph, inputs, progress)
    actual, instructions = _run_all(built, inputs, on, progress)
    wrong = [
        index for index, pair in enumerate(zip(expected, actual, strict=True)) if pair[0] != pair[1]
    ]
    first = (
        _first_difference(built, wrong[0], expected[wrong[0]], actual[wrong[0]]) if wrong else None
    )
    accuracy = None if labels is None else _accuracy(built, actual, labels, data)
    return RegressionResult(len(actual), len(wrong), first, accuracy, instructions)


def _inputs(file: Path | None, built: OutputInfo) -> list[list[bytes]]:
    return (
        random_inputs(built.inputs, 1) if file is None else read_inputs(file, built.inputs).inputs
    )


def _run_all(
    built: OutputInfo, inputs: list[list[bytes]], on: str, progress: Progress
) -> tuple[list[list[bytes]], list[int] | None]:
    """Run raw inputs; return raw outputs and, in the emulator, instructions of each run."""
    outputs: list[list[bytes]] = []
    counts: list[int | None] = []
    progress.stage(f"running on the {on}")
    with open_session(built, on) as session:
        for number, sample in enumerate(inputs):
            result = session.run(sample)
            outputs.append(result.outputs)
            counts.append(result.instructions)
            progress.advance(number + 1, len(inputs))
    known = [count for count in counts if count is not None]
    return outputs, known if len(known) == len(counts) else None


@contextmanager
def open_session(built: OutputInfo, on: str) -> Iterator[Session]:
    """Start what runs the model: ``emulator`` or ``host``."""
    if on == "emulator":
        with Emulator(built.board, built.elf) as session:
            yield session
    elif on == "host":
        with _host_process(built) as session:
            yield session
    else:
        raise EdgecError(
            "invalid-option",
            f"--on: {on!r} is none of {', '.join(PLACES)}",
            help="use emulator or host",
            exit_code=ExitCode.USAGE,
        )


def _host_process(built: OutputInfo) -> HostProcess:
    """Compile the model anew for this machine, from the .tflite file in the folder."""
    backends.load_all()
    graph = load(built.tflite).graph
    program = lower(_named(graph, built.name), CPUS["host"], BACKENDS_BY_CHOICE["portable"])
    origin = Origin(str(built.report["model"]["sha256"]), "host", "--kernels portable")
    tree = library_tree(program, plan(live_ranges(program)), CPUS["host"], origin)
    return HostProcess(tree, built.name, (len(built.inputs), len(built.outputs)))


def _named(graph: Graph, name: str) -> Graph:
    return Graph(name, graph.inputs, graph.outputs, graph.nodes, graph.types, graph.constants)


def _decoded(ports: list[PortInfo], raw: list[list[bytes]]) -> dict[str, Array]:
    outputs: dict[str, Array] = {}
    for index, port in enumerate(ports):
        values = port.decode([sample[index] for sample in raw])
        outputs[port.name] = values
        if port.float_source and port.scale is not None:
            outputs[f"{port.name}_float"] = port.dequantize(values)
    return outputs


def _first_difference(
    built: OutputInfo, sample: int, expected: list[bytes], actual: list[bytes]
) -> Mismatch:
    index = next(
        i for i, pair in enumerate(zip(expected, actual, strict=True)) if pair[0] != pair[1]
    )
    port = built.outputs[index]
    want, have = port.decode([expected[index]])[0], port.decode([actual[index]])[0]
    where = tuple(int(axis[0]) for axis in np.nonzero(want != have))
    return Mismatch(sample, port.name, where, want[where].item(), have[where].item())


def _accuracy(built: OutputInfo, raw: list[list[bytes]], labels: Array, data: Path | None) -> float:
    """Return the share of samples whose largest first output is their label."""
    scores = built.outputs[0].decode([sample[0] for sample in raw]).reshape(len(raw), -1)
    if len(labels) != len(raw):
        raise EdgecError(
            "samples-shape",
            f"{len(labels)} labels for {len(raw)} samples in {data}",
            help="give one 'label' per sample",
        )
    return float(np.mean(scores.argmax(axis=1) == labels.reshape(-1)))
