"""``edgec run``, and all that runs samples: a built model on the emulator or this machine."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgec.backends.backend import preferred
from edgec.backends.selection import lower
from edgec.codegen.library import Origin, library_tree
from edgec.driver.compile.built_graph import built_graph
from edgec.driver.output import OutputInfo, open_output
from edgec.driver.ports import PortInfo, RawSamples, random_inputs, read_inputs, write_npz
from edgec.driver.progress import Progress, Quiet
from edgec.driver.run.flash import board_session
from edgec.errors import EdgecError, ExitCode, Place
from edgec.firmware.emulate import Emulator, Session
from edgec.firmware.host import HostProcess
from edgec.firmware.serial_port import PREFIX
from edgec.ir import Array
from edgec.memory.liveness import live_ranges
from edgec.memory.planner import plan
from edgec.targets.target import Target

PLACES = ("emulator", "host", "serial:PORT")
DEFAULT_TIMEOUT = 60.0  # s, for one run of the model


@dataclass(frozen=True)
class RunResult:
    """Outputs of every sample in the source's layout; instructions of each run where counted.

    ``twins`` names the array, among the outputs, of each quantized output's real values.
    """

    outputs: dict[str, Array]
    samples: int
    instructions: list[int] | None
    warnings: tuple[str, ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)


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
    samples = _samples(input_file, built)
    raw, instructions = run_all(built, samples.inputs, on, progress)
    outputs, twins, told = _decoded(built.outputs, raw)
    if output_file is not None:
        write_npz(output_file, outputs)
    return RunResult(outputs, len(raw), instructions, (*samples.warnings, *told), twins)


def _samples(file: Path | None, built: OutputInfo) -> RawSamples:
    if file is None:
        return RawSamples(random_inputs(built.inputs, 1))
    return read_inputs(file, built.inputs)


def run_all(
    built: OutputInfo,
    inputs: list[list[bytes]],
    on: str,
    progress: Progress,
    timeout: float = DEFAULT_TIMEOUT,
) -> tuple[list[list[bytes]], list[int] | None]:
    """Run raw inputs; return raw outputs and, in the emulator, instructions of each run."""
    outputs: list[list[bytes]] = []
    counts: list[int | None] = []
    progress.stage(f"running on the {on}")
    with open_session(built, on, timeout) as session:
        for number, sample in enumerate(inputs):
            result = session.run(sample)
            outputs.append(result.outputs)
            counts.append(result.instructions)
            progress.advance(number + 1, len(inputs))
    known = [count for count in counts if count is not None]
    return outputs, known if len(known) == len(counts) else None


@contextmanager
def open_session(built: OutputInfo, on: str, timeout: float = DEFAULT_TIMEOUT) -> Iterator[Session]:
    """Start what runs the model: ``emulator``, ``host``, or the board at ``serial:PORT``."""
    check_place(on)
    place: AbstractContextManager[Session]
    if on == "emulator":
        place = Emulator(*built.emulated, timeout=timeout)
    elif on == "host":
        place = _host_process(built)
    else:
        place = board_session(built, on.removeprefix(PREFIX), timeout)
    with place as session:
        _check_tensors(built, session)
        yield session


def _check_tensors(built: OutputInfo, session: Session) -> None:
    """Raise ``damaged-output`` where a firmware has other tensors than its report says."""
    about = session.describe()
    wanted = [[port.type.bytes for port in ports] for ports in (built.inputs, built.outputs)]
    if [list(about.input_bytes), list(about.output_bytes)] != wanted:
        raise EdgecError(
            "damaged-output",
            "the firmware's inputs and outputs are not those of report.json",
            place=Place(str(built.folder)),
            help="build again",
        )


def check_place(on: str) -> None:
    """Raise ``invalid-option`` for what is no place to run a model."""
    if on not in PLACES[:2] and not (on.startswith(PREFIX) and on != PREFIX):
        raise EdgecError(
            "invalid-option",
            f"--on: {on!r} is none of {', '.join(PLACES)}",
            help="use emulator, host, or serial: and a port, such as serial:/dev/ttyACM0",
            exit_code=ExitCode.USAGE,
        )


def _host_process(built: OutputInfo) -> HostProcess:
    """Compile the model anew for this machine, from the target graph in the folder."""
    graph = replace(built_graph(built), name=built.name)
    target = Target.of_core("host")
    program = lower(graph, target, preferred("portable"))
    origin = Origin(str(built.report["model"]["sha256"]), "host", "--kernels portable")
    tree = library_tree(program, plan(live_ranges(program)), target, origin)
    return HostProcess(tree, built.name, (len(built.inputs), len(built.outputs)))


def _decoded(
    ports: list[PortInfo], raw: list[list[bytes]]
) -> tuple[dict[str, Array], dict[str, str], tuple[str, ...]]:
    """Return arrays by name, what the twin of each quantized output is called, and warnings."""
    outputs: dict[str, Array] = {}
    twins: dict[str, str] = {}
    told: list[str] = []
    names = {port.name for port in ports}
    for index, port in enumerate(ports):
        values = port.decode([sample[index] for sample in raw])
        outputs[port.name] = values
        twin = f"{port.name}_float"
        if port.scale is None:
            continue
        if twin in names:
            told.append(
                f"output {port.name!r} comes as integers alone: the model has an output {twin!r}"
            )
            continue
        outputs[twin] = port.dequantize(values)
        twins[port.name] = twin
    return outputs, twins, tuple(told)
