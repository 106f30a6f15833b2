"""``edgec profile``: what every layer and function of a build costs, to the instruction."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgec.driver.compile.golden import golden_of
from edgec.driver.output import OutputInfo, open_output
from edgec.driver.progress import Progress, Quiet
from edgec.driver.run.run import open_session
from edgec.errors import EdgecError, ExitCode
from edgec.firmware.profiling import FunctionProfile, NodeProfile, check_layers, profile_run
from edgec.targets.board import Power
from edgec.targets.cycle_model import LayerReads


@dataclass(frozen=True, slots=True)
class LayerProfile:
    """One layer. Instructions are exact and the same on every run of the same firmware.

    ``cycles_measured`` is what a board said, where one was asked.
    """

    name: str
    op: str
    kernel: str
    macs: int
    instructions: int
    share: float
    cycles_estimate: int
    cycles_measured: int | None = None

    @property
    def instructions_per_mac(self) -> float | None:
        return self.instructions / self.macs if self.macs else None


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """The whole model: the sum over layers misses only the calls between them.

    ``functions`` are those where most instructions ran, the hottest first.
    """

    instructions_total: int
    cycles_estimate_total: int
    clock_hz: int
    power: Power | None
    layers: tuple[LayerProfile, ...]
    functions: tuple[FunctionProfile, ...]
    cycles_measured_total: int | None = None

    @property
    def milliseconds(self) -> float:
        """Estimated time of one inference at the board's clock."""
        return 1e3 * self.cycles_estimate_total / self.clock_hz

    @property
    def microjoules(self) -> float | None:
        """Estimated energy of one inference; None where the board's file has no figures."""
        if self.power is None:
            return None
        return self.power.volts * self.power.milliamperes * self.milliseconds


@dataclass(frozen=True, slots=True)
class _Measured:
    """Cycles that a board counted, or nothing of all."""

    total: int | None
    layers: Sequence[int | None]


def profile(
    folder: Path, sample: int = 0, on: str = "emulator", progress: Progress | None = None
) -> ModelProfile:
    """Count the instructions of every layer on one golden sample.

    Counting is done in the emulator; a board, ``on`` a serial port, adds cycles of its own.
    Raises ``invalid-option`` where there is no such sample, and what the emulator raises.
    """
    progress = progress or Quiet()
    built = open_output(folder)
    inputs, _ = golden_of(built)
    if not 0 <= sample < len(inputs):
        raise EdgecError(
            "invalid-option",
            f"--sample: there is no golden sample {sample}, the build recorded {len(inputs)}",
            help=f"choose 0 to {len(inputs) - 1}",
            exit_code=ExitCode.USAGE,
        )
    if on == "host":
        raise _not_on_host()
    measured = _measure(built, inputs[sample], on, progress)
    progress.stage("counting instructions")
    layers = built.report["layers"]
    reads = [LayerReads(each["weights_bytes"], each["macs"]) for each in layers]
    run = profile_run(*built.emulated, built.name, inputs[sample], reads, built.board)
    check_layers("the board", len(measured.layers), len(layers), folder)
    return ModelProfile(
        instructions_total=run.instructions,
        cycles_estimate_total=sum(node.cycles for node in run.nodes),
        clock_hz=built.board.clock_hz,
        power=built.board.power,
        layers=tuple(
            _layer(layer, node, cycles, run.instructions)
            for layer, node, cycles in zip(layers, run.nodes, measured.layers, strict=True)
        ),
        functions=run.functions,
        cycles_measured_total=measured.total,
    )


def _measure(built: OutputInfo, inputs: Sequence[bytes], on: str, progress: Progress) -> _Measured:
    """Ask a board for its cycles; the emulator has none that mean anything."""
    if on == "emulator":
        return _Measured(None, [None] * len(built.report["layers"]))
    progress.stage(f"measuring on {on}")
    with open_session(built, on) as session:
        total = session.run(inputs).ticks
        return _Measured(total, [cost.ticks for cost in session.profile()])


def _not_on_host() -> EdgecError:
    return EdgecError(
        "invalid-option",
        "--on host: this machine's time says nothing of the board's",
        help="use the emulator, or a board at serial:PORT",
        exit_code=ExitCode.USAGE,
    )


def _layer(
    layer: dict[str, Any], node: NodeProfile, measured: int | None, total: int
) -> LayerProfile:
    return LayerProfile(
        name=layer["name"],
        op=layer["op"],
        kernel=layer["kernel"],
        macs=layer["macs"],
        instructions=node.instructions,
        share=node.instructions / total if total else 0.0,
        cycles_estimate=node.cycles,
        cycles_measured=measured,
    )
