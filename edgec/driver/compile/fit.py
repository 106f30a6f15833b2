"""Does it fit? Says so before a compiler runs, and names what takes the room."""

from collections.abc import Sequence

from edgec.errors import EdgecError, ExitCode, Place
from edgec.memory.planner import MemoryPlan
from edgec.targets.board import Board

_SHOWN = 5


def check_arena(memory: MemoryPlan, board: Board) -> None:
    """Raise ``does-not-fit`` where the arena alone exceeds the board's RAM."""
    region = board.region_of("arena")
    if memory.size > region.size:
        raise does_not_fit(memory, board, memory.size - region.size)


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
    overflow = getattr(error, "overflow", None)
    if error.code != "does-not-fit" or not isinstance(overflow, tuple) or overflow[0] != region:
        return error
    return does_not_fit(memory, board, int(overflow[1]))
