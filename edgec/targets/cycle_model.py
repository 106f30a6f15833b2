"""Cycles from instructions: what a core takes for each, and what waiting for flash adds.

A block is a run of instructions without a branch inside; how often each ran is counted, not
guessed. Timings and kinds of instructions come from the core's architecture.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgec.targets.architecture import Architecture
from edgec.targets.instruction_class import Classify, Kind, Timing

# What inner loops of CMSIS-NN and of runtime_c/src/support/dot.h do: two rows at a time.
_OUTPUTS_PER_READ = 2
_FIRST_REGISTER = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class FlashTiming:
    """What code and weights wait for: ``wait_states`` cycles for each ``line_bytes`` that are read.

    The caches are those in front of flash, for instructions and for data; 0 where there are none.
    """

    wait_states: int = 0
    line_bytes: int = 16
    code_cache_bytes: int = 0
    data_cache_bytes: int = 0


NEVER_WAITS = FlashTiming()


@dataclass(frozen=True, slots=True)
class LayerReads:
    """What a layer reads of flash: its weights, again and again where no cache keeps them."""

    weights_bytes: int
    macs: int

    def bytes_from_flash(self, cache_bytes: int) -> int:
        """Return the bytes read: kernels use a weight for two outputs before they move on."""
        if self.weights_bytes <= cache_bytes:
            return self.weights_bytes
        return max(self.weights_bytes, self.macs // _OUTPUTS_PER_READ)


@dataclass(frozen=True, slots=True)
class Block:
    """A straight run of instructions (mnemonic, operands) at an address."""

    start: int
    end: int
    instructions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Executed:
    """A block, how often it ran, and how often its end jumped elsewhere."""

    block: Block
    count: int
    taken: int


def estimate_cycles(
    architecture: Architecture,
    cpu: str,
    blocks: Sequence[Executed],
    flash: FlashTiming,
    reads: LayerReads,
) -> int:
    """Return the estimated cycles of a layer on core ``cpu``, from what it executed and read."""
    timing, classify = architecture.timings[cpu], architecture.classify
    core = sum(_block_cycles(timing, classify, each) for each in blocks)
    return round(core + _fetch_stalls(blocks, flash) + _weight_stalls(flash, reads))


def _block_cycles(timing: Timing, classify: Classify, executed: Executed) -> float:
    instructions = executed.block.instructions
    once = _straight_cycles(timing, classify, instructions)
    ends_in_loop = instructions and _is_loop_end(classify, instructions[-1])
    refill = 0 if ends_in_loop else timing.refill
    return timing.issue * once * executed.count + refill * executed.taken


def _is_loop_end(classify: Classify, last: tuple[str, str]) -> bool:
    """Tell whether a block ends in a hardware loop: its jump costs nothing."""
    return classify(*last)[0] is Kind.LOOP


def _straight_cycles(
    timing: Timing, classify: Classify, instructions: Sequence[tuple[str, str]]
) -> float:
    total = 0.0
    loaded = ""
    for mnemonic, operands in instructions:
        kind, words = classify(mnemonic, operands)
        needs = bool(loaded) and _reads(operands, loaded)
        if kind is Kind.LOAD and loaded and not needs:
            total += timing.load_next
        else:
            total += timing.cost(kind, words) + (timing.load_use if needs else 0)
        loaded = _target(operands) if kind is Kind.LOAD else ""
    return total


def _target(operands: str) -> str:
    found = _FIRST_REGISTER.match(operands)
    return found[0] if found else ""


def _reads(operands: str, register: str) -> bool:
    """Tell whether ``register`` is among the operands behind the first."""
    _, _, sources = operands.partition(",")
    return re.search(rf"\b{register}\b", sources) is not None


def _fetch_stalls(blocks: Sequence[Executed], flash: FlashTiming) -> float:
    """Return what fetching code costs where the cache keeps the lines that run most often.

    Every fetch of another line waits; half of the wait hides behind the instructions before it.
    """
    if not flash.wait_states:
        return 0
    fetches: dict[int, int] = {}
    for each in blocks:
        first, last = each.block.start, each.block.end - 1
        for line in range(first // flash.line_bytes, last // flash.line_bytes + 1):
            fetches[line] = fetches.get(line, 0) + each.count
    kept = flash.code_cache_bytes // flash.line_bytes
    missed = sorted(fetches.values(), reverse=True)[kept:]
    return sum(missed) * flash.wait_states / 2


def _weight_stalls(flash: FlashTiming, reads: LayerReads) -> float:
    read = reads.bytes_from_flash(flash.data_cache_bytes)
    return -(-read // flash.line_bytes) * flash.wait_states
