"""report.json: what was built, what it costs, where every byte is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgec import __version__
from edgec.driver.compile.compile import Compiled
from edgec.driver.compile.requirements import Verdict
from edgec.driver.compile.stages import Quantization
from edgec.driver.ports import PortInfo
from edgec.firmware.image import FirmwareImage
from edgec.memory.planner import aligned
from edgec.program import Considered, Step
from edgec.targets.target import Library

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """Instructions of one inference in the emulator, in all and per layer; estimated cycles."""

    total: int
    layers: Sequence[int]
    cycles: Sequence[int] | None


def make_report(
    compiled: Compiled,
    ports: tuple[Sequence[PortInfo], Sequence[PortInfo]],
    image: FirmwareImage,
    measured: Measured | None,
    warnings: Sequence[str],
) -> dict[str, Any]:
    """Return the report of a build as plain JSON values."""
    steps, integers = compiled.program.steps, compiled.model.integers
    made = integers.quantization
    unknown = [None] * len(steps)
    layers = measured.layers if measured else unknown
    cycles = measured.cycles if measured and measured.cycles else unknown
    return {
        "schema": SCHEMA,
        "edgec_version": __version__,
        "model": _model(compiled, ports),
        "board": compiled.board.id,
        "cpu": compiled.board.cpu,
        "config": compiled.options.as_config(),
        "libraries": [_library(each) for each in compiled.target.libraries],
        "memory": _memory(compiled, image),
        "layers": [_layer(*each) for each in zip(steps, layers, cycles, strict=True)],
        "instructions_total": measured.total if measured else None,
        "quantization": _quantization(made, integers.verdict),
        "pruning": integers.pruning.to_json() if integers.pruning else None,
        "accuracy": made.report.accuracy_json() if made else None,
        "accuracies": made.report.accuracies_json() if made else [],
        "passes": [{"name": name, "changed": changed} for name, changed in compiled.passes],
        "warnings": [*compiled.warnings, *warnings],
        "remarks": list(compiled.remarks),
    }


def _model(
    compiled: Compiled, ports: tuple[Sequence[PortInfo], Sequence[PortInfo]]
) -> dict[str, Any]:
    weights = compiled.graph.constants.values()
    file = compiled.model.integers.source.file
    return {
        "name": compiled.name,
        "source_format": file.source_format.value,
        "sha256": file.sha256,
        "inputs": [port.to_json() for port in ports[0]],
        "outputs": [port.to_json() for port in ports[1]],
        "states": [[each.input, each.output] for each in compiled.graph.states],
        "macs": sum(step.macs for step in compiled.program.steps),
        "params": sum(int(array.size) for array in weights),
    }


def _library(each: Library) -> dict[str, str]:
    return {"name": each.name, "revision": each.revision, "sha256": each.sha256}


def _memory(compiled: Compiled, image: FirmwareImage) -> dict[str, Any]:
    plan, sizes, board = compiled.memory, image.sizes, compiled.board
    scratch = [step.scratch_bytes for step in compiled.program.steps]
    return {
        "arena_bytes": plan.size,
        "arena_lower_bound_bytes": plan.lower_bound,
        "scratch_bytes": max(scratch, default=0),
        "static_ram_bytes": sizes.static_ram_bytes,
        "stack_bytes": image.stack.bytes,
        "ram_total_bytes": sizes.ram_total_bytes,
        "ram_limit_bytes": board.ram_bytes,
        "weights_bytes": sizes.weights_bytes,
        "code_bytes": sizes.code_bytes,
        "flash_total_bytes": sizes.flash_total_bytes,
        "flash_limit_bytes": board.flash_bytes,
        "plan": [
            {
                "tensor": each.name,
                "offset": plan.offsets[each.name],
                "size": aligned(each.size),
                "first": each.first,
                "last": each.last,
            }
            for each in plan.ranges
        ],
    }


def _layer(step: Step, instructions: int | None, cycles: int | None) -> dict[str, Any]:
    return {
        "name": step.node,
        "op": step.op,
        "kernel": step.function,
        "backend": step.backend,
        "dtype": step.outputs[0].dtype.value,
        "macs": step.macs,
        "weights_bytes": step.weights_bytes,
        "scratch_bytes": step.scratch_bytes,
        "in": [list(kind.shape) for kind in step.inputs],
        "out": [list(kind.shape) for kind in step.outputs],
        "instructions": instructions,
        "cycles_estimate": cycles,
        "offers": [_offer(each) for each in step.considered],
    }


def _offer(considered: Considered) -> dict[str, Any]:
    return {
        "kernel": considered.kernel,
        "backend": considered.backend,
        "cycles": considered.cycles,
        "flash": considered.flash,
        "scratch": considered.scratch,
        "chosen": considered.chosen,
        "reason": considered.reason,
    }


def _quantization(made: Quantization | None, verdict: Verdict | None) -> dict[str, Any]:
    if made is None:
        return {
            "scheme": "as in the file",
            "widths": None,
            "per_layer": [],
            "output_sqnr_db": None,
            "parts": [],
            "max_drop": verdict.to_json() if verdict else None,
        }
    return made.report.to_json()
