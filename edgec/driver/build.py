"""``edgec build``: a compiled model becomes an output folder, whole or not at all."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgec.codegen.source_tree import OutputFolder
from edgec.driver.compile import Compiled, compile_model
from edgec.driver.fit import with_peak
from edgec.driver.golden import golden_file, golden_inputs, reference_outputs
from edgec.driver.html import html_report
from edgec.driver.options import BuildOptions
from edgec.driver.output import BOARD_COPY, check_output_folder
from edgec.driver.ports import PortInfo
from edgec.driver.progress import Progress, Quiet
from edgec.driver.report import Measured, make_report
from edgec.errors import EdgecError
from edgec.firmware.build import FirmwareImage, build_firmware
from edgec.firmware.emulate import Emulator
from edgec.firmware.profiling import profile_run
from edgec.lir import Port
from edgec.targets.board import board_source
from edgec.targets.cycle_model import LayerReads

REPORT = "report.json"
GOLDEN = "golden.npz"
_TRACED_MACS = 50_000_000  # above, a build counts but leaves cycles to `edgec profile`


@dataclass(frozen=True)
class BuildResult:
    """Where the output is, and its report."""

    folder: Path
    report: dict[str, Any]


def build(options: BuildOptions, progress: Progress | None = None) -> BuildResult:
    """Build a model for a board; see design page 3 for what the folder holds."""
    progress = progress or Quiet()
    options = options.checked()
    check_output_folder(options.output_folder)
    compiled = compile_model(options, progress)
    ports = describe_ports(compiled)
    progress.stage("recording golden vectors")
    inputs = golden_inputs(compiled, ports[0])
    outputs = reference_outputs(compiled.graph, inputs, progress)
    with OutputFolder(options.output_folder) as folder:
        _write_sources(compiled, folder)
        (folder / GOLDEN).write_bytes(golden_file(inputs, outputs))
        progress.stage("compiling the firmware")
        image = _firmware(compiled, folder)
        progress.stage("counting instructions")
        measured, warnings = _measure(compiled, image, inputs[0])
        report = make_report(compiled, ports, image, measured, warnings)
        text = json.dumps(report, indent=1, ensure_ascii=True)
        (folder / REPORT).write_text(text + "\n")
        (folder / "report.html").write_bytes(html_report(report))
    return BuildResult(options.output_folder, report)


def describe_ports(compiled: Compiled) -> tuple[list[PortInfo], list[PortInfo]]:
    """Return inputs and outputs as the report has them."""
    was_float = compiled.float_graph is not None

    def describe(port: Port) -> PortInfo:
        return PortInfo.of(port, float_source=was_float)

    program = compiled.program
    return [describe(port) for port in program.inputs], [describe(p) for p in program.outputs]


def _write_sources(compiled: Compiled, folder: Path) -> None:
    compiled.library.write(folder / compiled.name)
    compiled.firmware.write(folder / "firmware")
    (folder / BOARD_COPY).write_bytes(board_source(compiled.options.board))
    (folder / f"{compiled.name}.tflite").write_bytes(compiled.tflite)


def _firmware(compiled: Compiled, folder: Path) -> FirmwareImage:
    try:
        return build_firmware(folder, compiled.name, compiled.board)
    except EdgecError as error:
        raise with_peak(error, compiled.memory, compiled.board) from None


def _measure(
    compiled: Compiled, image: FirmwareImage, sample: list[bytes]
) -> tuple[Measured | None, list[str]]:
    """Count one inference in the emulator; without one the report has no counts and says so."""
    if compiled.board.emulator is None:
        return None, []
    reads = [LayerReads(step.weights_bytes, step.macs) for step in compiled.program.steps]
    if sum(each.macs for each in reads) > _TRACED_MACS:
        return _count_only(compiled, image, sample)
    try:
        run = profile_run(compiled.board, image.elf, compiled.name, sample, reads)
    except EdgecError as error:
        return None, [f"instructions were not counted: {error.message}"]
    cycles = [node.cycles for node in run.nodes]
    return Measured(run.instructions, [node.instructions for node in run.nodes], cycles), []


def _count_only(
    compiled: Compiled, image: FirmwareImage, sample: list[bytes]
) -> tuple[Measured | None, list[str]]:
    """Count without the log that a cycle estimate needs: it takes long for a large model."""
    try:
        with Emulator(compiled.board, image.elf) as session:
            result = session.run(sample)
            layers = [cost.instructions or 0 for cost in session.profile()]
    except EdgecError as error:
        return None, [f"instructions were not counted: {error.message}"]
    return Measured(result.instructions or 0, layers, None), []
