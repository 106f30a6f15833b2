"""Measures what kernels cost in QEMU: writes edgec/backends/kernel_rates.toml anew.

    python benchmarks/kernel_rates.py

Runs operator cases of tests/ops/cases, a few for every function of every backend, and the larger
layers below, on a core of each kind. Per C function it fits instructions = call + read * elements
read + output * outputs by non-negative least squares of relative errors; cycles per instruction of
a core are those that edgec's own estimate (docs/cycles.md) has for all that ran.
"""

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from scipy.optimize import nnls

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from lowering import target  # noqa: E402 - of the tests, which are no package
from ops.case import Case, case_modules, cases_of  # noqa: E402
from ops.cases.layers.conv2d import conv_case  # noqa: E402
from ops.cases.layers.depthwise_conv2d import depthwise_case  # noqa: E402
from ops.cases.layers.fully_connected import fully_connected_case  # noqa: E402
from ops.runtimes import merge, merged_samples  # noqa: E402

from edgec.backends.backend import backends, preferred  # noqa: E402
from edgec.backends.cost import TABLE, Rates, Work  # noqa: E402
from edgec.backends.request import Request  # noqa: E402
from edgec.backends.selection import lower  # noqa: E402
from edgec.codegen.firmware import FirmwareModel, firmware_tree  # noqa: E402
from edgec.codegen.library import Origin, library_tree  # noqa: E402
from edgec.firmware.image import build_firmware  # noqa: E402
from edgec.firmware.profiling import trace_run  # noqa: E402
from edgec.memory.liveness import live_ranges  # noqa: E402
from edgec.memory.planner import plan  # noqa: E402
from edgec.targets.board import load_board  # noqa: E402
from edgec.targets.cycle_model import NEVER_WAITS, LayerReads, estimate_cycles  # noqa: E402

BOARDS = {
    "qemu-m0": ("cortex-m0", "cortex-m0plus"),
    "qemu-m3": ("cortex-m3",),
    "qemu-m4": ("cortex-m4", "cortex-m7", "cortex-m33"),
    "qemu-m55": ("cortex-m55", "cortex-m85"),
}
"""A board of each kind of core, and the cores of that kind: the first is measured."""
BATCH = 90
PER_FUNCTION = 7
FAR = 2  # an estimate that is off by more
LARGER = [
    conv_case("rates_3x3", (12, 12, 16), 16, (3, 3)),
    conv_case("rates_3x3_few", (16, 16, 3), 8, (3, 3)),
    conv_case("rates_3x3_one", (16, 16, 1), 12, (3, 3)),
    conv_case("rates_1x1", (10, 10, 32), 32, (1, 1)),
    conv_case("rates_1x1_few", (12, 12, 8), 16, (1, 1)),
    depthwise_case("rates_3x3", (12, 12, 16)),
    depthwise_case("rates_5x5", (12, 12, 8), (5, 5)),
    fully_connected_case("rates_256", (1, 256), 32),
    fully_connected_case("rates_64", (1, 64), 128),
]
"""What cases are too small for: long inner loops."""


@dataclass(frozen=True)
class Measured:
    """One node that ran: who did what, instructions, and cycles on each core of the kind."""

    backend: str
    function: str
    work: Work
    instructions: int
    cycles: tuple[int, ...]


def main() -> None:
    """Measure on every board, fit, and write the table."""
    cases = [case for module in case_modules() for case in cases_of(module)] + LARGER
    lines = []
    cores = []
    for board, kind in BOARDS.items():
        runs = list(measure(board, kind, cases))
        total = sum(each.instructions for each in runs)
        for index, core in enumerate(kind):
            rate = sum(each.cycles[index] for each in runs) / total
            cores.append(f'{core} = {{ like = "{kind[0]}", cycles_per_instruction = {rate:.3f} }}')
        lines += fitted_lines(kind[0], runs)
    table = ROOT / "edgec" / "backends" / TABLE
    table.write_text("\n".join([*head(len(cases)), "", "[cores]", *cores, *lines]) + "\n")


def measure(board: str, cores: Sequence[str], cases: Sequence[Case]) -> Iterator[Measured]:
    """Yield a few cases of every function that some choice of kernels has."""
    seen: set[tuple[str, str]] = set()
    for kernels in (each.choice for each in sorted(backends(), key=lambda each: each.falls_back)):
        wanted = chosen_cases(cases, cores[0], kernels, seen)
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            print(f"{board} {kernels}: {start + len(batch)} of {len(wanted)}", file=sys.stderr)
            with tempfile.TemporaryDirectory() as folder:
                yield from run(board, cores, kernels, batch, Path(folder))


def chosen_cases(
    cases: Sequence[Case], core: str, kernels: str, seen: set[tuple[str, str]]
) -> list[Case]:
    """Return cases of each function, from the smallest to the largest; not of those ``seen``."""
    made_for, groups = target(core, kernels), defaultdict(list)
    for case in cases:
        for step in lower(case.graph, made_for, preferred(kernels)).steps:
            work = step.macs + sum(each.elements for each in (*step.inputs, *step.outputs))
            groups[step.backend, step.function].append((work, case.name, case))
    wanted: dict[str, Case] = {}
    for function in sorted(set(groups) - seen):
        ordered = sorted(groups[function], key=lambda each: each[:2])
        places = np.linspace(0, len(ordered) - 1, min(PER_FUNCTION, len(ordered)))
        wanted |= {ordered[round(each)][1]: ordered[round(each)][2] for each in places}
        wanted |= {name: case for _, name, case in ordered if case in LARGER}
    seen |= set(groups)
    return list(wanted.values())


def run(
    board_name: str, cores: Sequence[str], kernels: str, batch: Sequence[Case], folder: Path
) -> Iterator[Measured]:
    """Build a batch as one model, run its first sample, and yield its nodes."""
    board, made_for = load_board(board_name), target(cores[0], kernels)
    graph = merge("batch", batch)
    program = lower(graph, made_for, preferred(kernels))
    library = library_tree(
        program, plan(live_ranges(program)), made_for, Origin("00" * 32, "rates", kernels)
    )
    firmware = firmware_tree(board, FirmwareModel("batch", len(graph.inputs), len(graph.outputs)))
    library.under("batch").merge(firmware.under("firmware")).write(folder)
    image = build_firmware(folder, "batch", board)
    sample = merged_samples(graph, batch)[0]
    traced = trace_run(board, image.elf, "batch", [sample[x].tobytes() for x in graph.inputs])
    nodes = {node.name: Request.of(node, graph, made_for) for node in graph.nodes}
    for step, count, blocks in zip(program.steps, traced.counts, traced.nodes, strict=True):
        reads = LayerReads(step.weights_bytes, step.macs)
        cycles = tuple(
            estimate_cycles(board.architecture, core, blocks, NEVER_WAITS, reads) for core in cores
        )
        work = Work.of(nodes[step.node], len(step.calls))
        yield Measured(step.backend, step.function, work, count, cycles)


def fitted_lines(core: str, runs: Sequence[Measured]) -> list[str]:
    """Return the lines of a kind of core: a table per backend, a row per function."""
    groups: defaultdict[tuple[str, str], list[Measured]] = defaultdict(list)
    for each in runs:
        groups[each.backend, each.function].append(each)
    lines: list[str] = []
    errors = []
    backend = ""
    for (of, function), measured in sorted(groups.items()):
        if of != backend:
            lines += ["", f"[rates.{core}.{of}]"]
            backend = of
        rates = fit(measured)
        numbers = ", ".join(f"{each:.4g}" for each in (rates.call, rates.read, rates.output))
        lines.append(f"{function} = [{numbers}]")
        errors += [max(_ratio(rates, each), 1 / _ratio(rates, each)) for each in measured]
    print(
        f"{core}: {len(runs)} nodes, median error x{median(errors):.2f}, "
        f"{np.mean(np.array(errors) > FAR):.1%} beyond x{FAR}",
        file=sys.stderr,
    )
    return lines


def _ratio(rates: Rates, measured: Measured) -> float:
    return max(rates.instructions(measured.work), 1) / max(measured.instructions, 1)


def fit(measured: Sequence[Measured]) -> Rates:
    """Return the rates with the least relative errors, in squares."""
    rows = [(each.work.calls, each.work.reads, each.work.outputs) for each in measured]
    counts = np.array([max(each.instructions, 1) for each in measured], float)
    solution, _ = nnls(np.array(rows, float) / counts[:, None], np.ones(len(rows)))
    return Rates(*map(float, solution))


def head(cases: int) -> list[str]:
    """Return what the file says of itself."""
    tools = ("arm-none-eabi-gcc", "qemu-system-arm")
    return [
        "# Instructions of kernels per call, element read and output: see edgec/backends/cost.py.",
        "# Written by benchmarks/kernel_rates.py, not by hand.",
        f"# Measured on some {PER_FUNCTION} per function of {cases} operator cases, at -O3, with",
        *(f"# {version(each)}." for each in tools),
    ]


def version(tool: str) -> str:
    """Return the first line of what a tool says of its version."""
    ended = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return ended.stdout.splitlines()[0]


if __name__ == "__main__":
    main()
