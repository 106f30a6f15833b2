"""``edgec build``: a compiled model becomes an output folder, whole or not at all."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from edgec.codegen.firmware import FirmwareModel
from edgec.codegen.source_tree import output_folder
from edgec.driver.compile.compile import Compiled, compile_integers, compile_model
from edgec.driver.compile.fit import with_peak
from edgec.driver.compile.golden import golden_file, golden_inputs, reference_outputs
from edgec.driver.compile.measuring import measure
from edgec.driver.compile.self_test import expected_output_crc
from edgec.driver.compile.stages import IntegerModel
from edgec.driver.options import BuildOptions
from edgec.driver.output import BOARD_COPY, check_output_folder
from edgec.driver.ports import PortInfo
from edgec.driver.progress import Progress, Quiet
from edgec.driver.reports.html import html_report
from edgec.driver.reports.report import make_report
from edgec.errors import EdgecError
from edgec.firmware.image import FirmwareImage, build_firmware
from edgec.firmware.twin_image import build_twin
from edgec.ops.operator import is_float
from edgec.program import Port
from edgec.target_file import SUFFIX, write_target
from edgec.targets.board import Board, board_source
from edgec.targets.twin import twin_of

REPORT = "report.json"
GOLDEN = "golden.npz"


class Emulated(NamedTuple):
    """What QEMU runs: the board and its firmware, or its twin and the twin's."""

    board: Board
    elf: Path


@dataclass(frozen=True)
class BuildResult:
    """Where the output is, and its report; ``missed`` where --max-drop is missed."""

    folder: Path
    report: dict[str, Any]
    missed: EdgecError | None = None


def build(options: BuildOptions, progress: Progress | None = None) -> BuildResult:
    """Build a model for a board; README.md says what the folder holds."""
    progress = progress or Quiet()
    options = options.checked()
    check_output_folder(options.output_folder)
    return write_output(compile_model(options, progress), progress)


def build_integers(
    options: BuildOptions, integers: IntegerModel, progress: Progress
) -> BuildResult:
    """Do as :func:`build`, from an integer model that was made with the same options."""
    options = options.checked()
    check_output_folder(options.output_folder)
    return write_output(compile_integers(options, integers, progress), progress)


def write_output(compiled: Compiled, progress: Progress) -> BuildResult:
    """Compile, measure and record: what was compiled becomes its output folder."""
    options = compiled.options
    ports = describe_ports(compiled)
    progress.stage("recording golden vectors")
    inputs = golden_inputs(compiled, ports[0])
    outputs = reference_outputs(compiled.graph, inputs, progress)
    with output_folder(options.output_folder) as folder:
        _write_sources(compiled, folder)
        (folder / GOLDEN).write_bytes(golden_file(ports, inputs, outputs))
        progress.stage("compiling the firmware")
        image, emulated = _firmware(compiled, folder)
        progress.stage("counting instructions")
        measured, warnings = measure(compiled, emulated, inputs[0])
        report = make_report(compiled, ports, image, measured, warnings)
        text = json.dumps(report, indent=1, ensure_ascii=True)
        (folder / REPORT).write_text(text + "\n", encoding="utf-8")
        (folder / "report.html").write_bytes(html_report(report))
    missed = compiled.model.integers.missed(options.model)
    return BuildResult(options.output_folder, report, missed)


def describe_ports(compiled: Compiled) -> tuple[list[PortInfo], list[PortInfo]]:
    """Return inputs and outputs as the report has them."""
    source = compiled.model.integers.source.file.graph

    def describe(port: Port) -> PortInfo:
        name, alias = port.name, source.aliases.get(port.name, "")
        real = name in source.types and is_float(source.types[name]) and name not in source.doors
        return PortInfo.of(port, float_source=real, alias=alias)

    program = compiled.program
    return [describe(port) for port in program.inputs], [describe(p) for p in program.outputs]


def _write_sources(compiled: Compiled, folder: Path) -> None:
    compiled.library.write(folder / compiled.name)
    compiled.firmware.write(folder / "firmware")
    (folder / BOARD_COPY).write_bytes(board_source(compiled.options.board))
    (folder / f"{compiled.name}{SUFFIX}").write_bytes(write_target(compiled.graph))
    if compiled.model.interchange is not None:
        (folder / f"{compiled.name}.tflite").write_bytes(compiled.model.interchange)


def _firmware(compiled: Compiled, folder: Path) -> tuple[FirmwareImage, Emulated | None]:
    """Build for the board and, where QEMU has another machine for it, for its twin."""
    board, twin = compiled.board, twin_of(compiled.board)
    crc = expected_output_crc(compiled.graph)
    try:
        image = build_firmware(folder, compiled.name, board, output_crc=crc)
    except EdgecError as error:
        raise with_peak(error, compiled.memory, board) from None
    if twin is None or twin is board:
        return image, Emulated(board, image.elf) if twin else None
    return image, Emulated(twin, build_twin(folder, _firmware_model(compiled), twin, crc).elf)


def _firmware_model(compiled: Compiled) -> FirmwareModel:
    program = compiled.program
    return FirmwareModel(compiled.name, len(program.inputs), len(program.outputs))
