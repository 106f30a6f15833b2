"""Cycles from instructions: a timing table per core, and what waiting for flash adds.

The tables follow Arm's technical reference manuals where these publish timings (M0, M0+, M3, M4)
and are approximations where they do not (M7, M33, M55, M85): see docs/cycles.md. A block is a run
of instructions without a branch inside; how often each ran is counted, not guessed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from edgec.targets.instruction_class import Kind, classify

# What inner loops of CMSIS-NN and of runtime_c/src/support/dot.h do: two rows at a time.
_OUTPUTS_PER_READ = 2
_FIRST_REGISTER = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Timing:
    """Cycles of a core's instructions with memory that never waits.

    ``load_next`` is a load right behind a load whose result it does not need. ``per_word`` is for
    each word of a multiple transfer, on top of one cycle. ``refill`` is added by a taken branch.
    ``load_use`` is added where the next instruction needs what was loaded. ``issue`` scales all,
    below 1 where a core starts two instructions at a time.
    """

    load: float = 2
    load_next: float = 1
    load_use: float = 0
    store: float = 1
    per_word: float = 1
    refill: float = 2
    issue: float = 1
    costs: Mapping[Kind, float] = field(default_factory=dict)

    def cost(self, kind: Kind, words: int) -> float:
        """Return the cycles of one instruction on its own."""
        if kind is Kind.LOAD:
            return self.load
        if kind is Kind.STORE:
            return self.store
        if kind in {Kind.LOAD_MANY, Kind.STORE_MANY}:
            return 1 + self.per_word * words
        return self.costs.get(kind, 1)


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


# Where Arm publishes timings these are its; a range counts as its middle. Those of M7, M33, M55
# and M85, ``issue`` above all, are approximations by hand: docs/cycles.md.
_M4_COSTS = {
    Kind.DIVIDE: 7,
    Kind.FLOAT_ACCUMULATE: 3,
    Kind.FLOAT_DIVIDE: 14,
}
_SMALL = Timing(load=2, load_next=2, store=2, refill=2)
_M3 = Timing(
    costs={
        Kind.ACCUMULATE: 2,
        Kind.LONG_MULTIPLY: 4,
        Kind.LONG_ACCUMULATE: 5.5,
        Kind.DIVIDE: 7,
    }
)
_M4 = Timing(costs=_M4_COSTS)
_M33 = Timing(load=1, load_next=1, load_use=1, refill=2, costs=_M4_COSTS)
_M7 = Timing(load=1, load_next=1, load_use=1, refill=1, issue=0.7, costs=_M4_COSTS)
_M55 = Timing(
    load=1,
    load_next=1,
    load_use=1,
    refill=2,
    costs={
        Kind.DIVIDE: 7,
        Kind.FLOAT_DIVIDE: 14,
        Kind.VECTOR: 2,
        Kind.VECTOR_ACCUMULATE: 1,  # two cycles, of which one overlaps the load it alternates with
        Kind.VECTOR_LOAD: 2,
        Kind.VECTOR_STORE: 2,
        Kind.VECTOR_GATHER: 8,
        Kind.LOOP: 0,
    },
)

TIMINGS: Mapping[str, Timing] = MappingProxyType(
    {
        "cortex-m0": replace(_SMALL, refill=2, costs={Kind.CALL: 2}),
        "cortex-m0plus": replace(_SMALL, refill=1, costs={Kind.CALL: 2}),
        "cortex-m3": _M3,
        "cortex-m4": _M4,
        "cortex-m7": _M7,
        "cortex-m33": _M33,
        "cortex-m55": _M55,
        "cortex-m85": replace(_M55, refill=1, issue=0.8),
    }
)


def estimate_cycles(
    cpu: str, blocks: Sequence[Executed], flash: FlashTiming, reads: LayerReads
) -> int:
    """Return the estimated cycles of a layer, from the blocks it executed and what it read."""
    timing = TIMINGS[cpu]
    core = sum(_block_cycles(timing, each) for each in blocks)
    return round(core + _fetch_stalls(blocks, flash) + _weight_stalls(flash, reads))


def _block_cycles(timing: Timing, executed: Executed) -> float:
    once = _straight_cycles(timing, executed.block.instructions)
    ends_in_loop = executed.block.instructions[-1:] and _is_loop_end(executed.block)
    refill = 0 if ends_in_loop else timing.refill
    return timing.issue * once * executed.count + refill * executed.taken


def _is_loop_end(block: Block) -> bool:
    """Tell whether a block ends in LE or LETP: their jump costs nothing."""
    return classify(*block.instructions[-1])[0] is Kind.LOOP


def _straight_cycles(timing: Timing, instructions: Sequence[tuple[str, str]]) -> float:
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
