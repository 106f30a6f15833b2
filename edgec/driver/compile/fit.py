"""Does it fit? Says so before a compiler runs, and names what takes the room."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgec.errors import EdgecError, EdgecErrors, ExitCode, Place
from edgec.firmware.image import RegionTooSmallError
from edgec.memory.planner import MemoryPlan
from edgec.program import Program
from edgec.targets.board import Board

_SHOWN = 5

# Fitted by least squares to the code of 88 builds (11 models of tests/ten_models.py for microbit,
# stm32, rpi-pico and ek-ra8m1, CMSIS-NN or not): bytes.
_BASE_CODE = 7000
_CODE_PER_OWN_KERNEL = 900
_CODE_PER_OTHER_KERNEL = 1600
_CODE_PER_STEP = 40
_CODE_SPREAD = 1.4


def check_arena(memory: MemoryPlan, board: Board) -> None:
    """Raise ``does-not-fit`` where the arena alone exceeds the board's RAM."""
    region = board.region_of("arena")
    if memory.size > region.size:
        raise does_not_fit(memory, board, memory.size - region.size)


@dataclass(frozen=True, slots=True)
class FlashEstimate:
    """Bytes of flash before anything is compiled: weights exactly, code by what builds measured.

    Code was within 40 % of the estimate in 88 builds, of 11 models for four cores.
    """

    weights: int
    code: int

    @property
    def total(self) -> int:
        return self.weights + self.code

    def warnings(self, board: Board) -> list[str]:
        """Say where code may not fit any more; that weights do not is an error."""
        text, weights = board.region_of("text"), board.region_of("weights")
        beside = self.weights if text == weights else 0
        if not text.size - _CODE_SPREAD * self.code < beside <= text.size:
            return []
        taken = f"about {self.code:,} of code (an estimate) and {beside:,} of weights"
        room = f"{text.name} of {board.id} may be too small: {text.size:,} bytes for {taken}"
        return [f"{room}; a build says exactly"]


def flash_estimate(program: Program) -> FlashEstimate:
    """Return what a program takes of the flash."""
    functions = {call.function for step in program.steps for call in step.calls}
    own = sum(each.startswith("edgec_") for each in functions)
    code = _BASE_CODE + _CODE_PER_STEP * len(program.steps)
    code += _CODE_PER_OWN_KERNEL * own + _CODE_PER_OTHER_KERNEL * (len(functions) - own)
    weights = sum(each.data.nbytes for each in program.constants.values())
    return FlashEstimate(weights, code)


def check_flash(program: Program, board: Board) -> None:
    """Raise ``does-not-fit`` where the weights alone exceed the memory that holds them."""
    region, used = board.region_of("weights"), flash_estimate(program).weights
    if used <= region.size:
        return
    sizes = sorted(program.constants.values(), key=lambda each: -each.data.nbytes)[:_SHOWN]
    raise EdgecError(
        "does-not-fit",
        f"the weights alone take {used:,} bytes, {region.name} of {board.id} has {region.size:,}: "
        f"{used - region.size:,} bytes too few, and code comes on top",
        place=Place(board.file, f"memory {region.name!r}"),
        help="choose a board with more flash (`edgec boards`), or prune the model (--prune)",
        notes=[f"{each.data.nbytes:>10,} bytes  {_first_name(each.name)}" for each in sizes],
        exit_code=ExitCode.MISMATCH,
    )


def does_not_fit(memory: MemoryPlan, board: Board, shortfall: int) -> EdgecError:
    """Return the error: by how much, and the largest buffers alive at the peak."""
    region = board.region_of("arena")
    return EdgecError(
        "does-not-fit",
        f"the model needs {region.size + shortfall:,} bytes of RAM ({memory.size:,} of them its "
        f"arena), {region.name} of {board.id} has {region.size:,}: {shortfall:,} bytes too few",
        place=Place(board.file, f"memory {region.name!r}"),
        help="choose a board with more RAM (`edgec boards`), smaller inputs, or fewer channels in "
        "the layers named above",
        notes=peak_notes(memory),
        exit_code=ExitCode.MISMATCH,
    )


def peak_notes(memory: MemoryPlan) -> Sequence[str]:
    """Name the largest buffers alive when the most bytes are."""
    alive = memory.alive_at_peak()
    head = f"no plan can be below {memory.lower_bound:,} bytes; alive at the peak:"
    rows = [f"{each.size:>10,} bytes  {_first_name(each.name)}" for each in alive[:_SHOWN]]
    rest = len(alive) - _SHOWN
    return (head, *rows, *([f"and {rest} smaller"] if rest > 0 else []))


def _first_name(name: str) -> str:
    """Return the first of the names that a converter joined when it fused nodes."""
    return name.partition(";")[0]


def with_peak(error: EdgecError, memory: MemoryPlan, board: Board) -> EdgecError:
    """Turn the linker's overflow of the RAM into ours, which names the buffers; keep the rest."""
    region = board.region_of("arena").name
    problems = [
        does_not_fit(memory, board, each.excess)
        if isinstance(each, RegionTooSmallError) and each.region == region
        else each
        for each in error.problems()
    ]
    return problems[0] if len(problems) == 1 else EdgecErrors(problems)
