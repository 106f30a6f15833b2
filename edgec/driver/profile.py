"""``edgec profile``: what every layer of a build costs in the emulator, to the instruction."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgec.driver.execute import open_session
from edgec.driver.golden import read_golden
from edgec.driver.output import open_output
from edgec.driver.progress import Progress, Quiet
from edgec.errors import EdgecError, ExitCode


@dataclass(frozen=True, slots=True)
class LayerProfile:
    """One layer. Instructions are exact and the same on every run of the same firmware."""

    name: str
    op: str
    kernel: str
    macs: int
    instructions: int
    share: float
    cycles_estimate: int | None

    @property
    def instructions_per_mac(self) -> float | None:
        return self.instructions / self.macs if self.macs else None


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """The whole model: the sum over layers misses only the calls between them."""

    instructions_total: int
    cycles_estimate_total: int | None
    clock_hz: int
    layers: tuple[LayerProfile, ...]


def profile(folder: Path, sample: int = 0, progress: Progress | None = None) -> ModelProfile:
    """Count the instructions of every layer on one golden sample.

    Raises ``invalid-option`` where there is no such sample, and what the emulator raises.
    """
    progress = progress or Quiet()
    built = open_output(folder)
    inputs, _ = read_golden(built.golden, len(built.inputs), len(built.outputs))
    if not 0 <= sample < len(inputs):
        raise EdgecError(
            "invalid-option",
            f"--sample: there is no golden sample {sample}, the build recorded {len(inputs)}",
            help=f"choose 0 to {len(inputs) - 1}",
            exit_code=ExitCode.USAGE,
        )
    progress.stage("counting instructions")
    with open_session(built, "emulator") as session:
        total = session.run(inputs[sample]).instructions or 0
        counts = [cost.instructions or 0 for cost in session.profile()]
    layers = tuple(
        _layer(layer, count, total)
        for layer, count in zip(built.report["layers"], counts, strict=True)
    )
    cycles = [layer.cycles_estimate for layer in layers]
    known = [each for each in cycles if each is not None]
    whole = sum(known) if cycles and len(known) == len(cycles) else None
    return ModelProfile(total, whole, built.board.clock_hz, layers)


def _layer(layer: dict[str, Any], count: int, total: int) -> LayerProfile:
    return LayerProfile(
        name=layer["name"],
        op=layer["op"],
        kernel=layer["kernel"],
        macs=layer["macs"],
        instructions=count,
        share=count / total if total else 0.0,
        cycles_estimate=layer["cycles_estimate"],
    )
