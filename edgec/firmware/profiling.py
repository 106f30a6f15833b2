"""One run of a model in the emulator, to the instruction: cost of every node and every function."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgec.errors import EdgecError, Place
from edgec.firmware.disassembly import Disassembly, disassemble
from edgec.firmware.emulate import Emulator
from edgec.firmware.trace import BlockRuns, TraceReader
from edgec.targets.board import Board
from edgec.targets.cycle_model import Executed, LayerReads, estimate_cycles

_HOOK = "edgec_on_node"
_TIMEOUT = 900.0  # s: logging makes the emulator some ten times slower


@dataclass(frozen=True, slots=True)
class NodeProfile:
    """Exact instructions of a node, and its estimated cycles."""

    instructions: int
    cycles: int


@dataclass(frozen=True, slots=True)
class FunctionProfile:
    """Instructions that ran in one function, without those of what it calls."""

    name: str
    instructions: int


@dataclass(frozen=True, slots=True)
class RunProfile:
    """A whole run. ``functions`` are in order of their cost, the hottest first."""

    instructions: int
    nodes: tuple[NodeProfile, ...]
    functions: tuple[FunctionProfile, ...]


@dataclass(frozen=True, slots=True)
class TracedRun:
    """One run: instructions in all, those of each node, and the blocks that each executed."""

    instructions: int
    counts: tuple[int, ...]
    nodes: tuple[tuple[Executed, ...], ...]
    code: Disassembly


def profile_run(
    board: Board,
    elf: Path,
    name: str,
    inputs: Sequence[bytes],
    reads: Sequence[LayerReads],
    clocked: Board | None = None,
) -> RunProfile:
    """Run model ``name`` once on the emulator of ``board``; what is counted does not vary.

    Cycles are estimated for ``clocked``, where that is another board than the emulated one.
    Raises ``damaged-output`` where ``reads`` are not one per layer of the firmware.
    """
    target = clocked or board
    run = trace_run(board, elf, name, inputs)
    check_layers("the firmware", len(run.nodes), len(reads), elf)
    cycles = [
        estimate_cycles(target.architecture, target.cpu, blocks, target.flash_timing, read)
        for blocks, read in zip(run.nodes, reads, strict=True)
    ]
    profiles = tuple(map(NodeProfile, run.counts, cycles))
    return RunProfile(run.instructions, profiles, _functions(run.code, run.nodes))


def check_layers(who: str, found: int, reported: int, where: Path) -> None:
    """Raise ``damaged-output`` where somebody has not as many layers as report.json."""
    if found != reported:
        raise EdgecError(
            "damaged-output",
            f"{who} has {found} layers, report.json {reported}",
            place=Place(str(where)),
            help="build again",
        )


def trace_run(board: Board, elf: Path, name: str, inputs: Sequence[bytes]) -> TracedRun:
    """Run model ``name`` once on the emulator of ``board`` and return all that it executed."""
    code = disassemble(elf, board.architecture)
    measuring = frozenset({_HOOK, *board.architecture.ticks.functions})
    with (
        TraceReader(_entry(code, f"{name}_run"), _entry(code, _HOOK)) as reader,
        Emulator(board, elf, timeout=_TIMEOUT, log_to=reader.fd) as session,
    ):
        total = session.run(inputs).instructions or 0
        counts = tuple(cost.instructions or 0 for cost in session.profile())
    nodes = tuple(tuple(_executed(code, runs, measuring)) for runs in reader.nodes(len(counts)))
    return TracedRun(total, counts, nodes, code)


def _entry(code: Disassembly, function: str) -> int:
    address = code.address_of(function)
    if address is None:
        raise EdgecError(
            "damaged-output", f"the firmware has no function {function}", help="build again"
        )
    return address


def _executed(
    code: Disassembly, runs: Sequence[BlockRuns], measuring: frozenset[str]
) -> list[Executed]:
    """Return what ran, without the functions that measure it."""
    return [
        Executed(code.block(*each.block), each.count, each.taken)
        for each in runs
        if code.function_at(each.block[0]) not in measuring
    ]


def _functions(
    code: Disassembly, nodes: Sequence[Sequence[Executed]]
) -> tuple[FunctionProfile, ...]:
    counts: Counter[str] = Counter()
    for blocks in nodes:
        for each in blocks:
            work = each.count * len(each.block.instructions)
            counts[code.function_at(each.block.start)] += work
    return tuple(FunctionProfile(name, count) for name, count in counts.most_common())
