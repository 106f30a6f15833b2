"""The twin of a board: a machine that QEMU has, with the board's core and the board's limits."""

from dataclasses import replace

from edgec.targets.board import Board, MemoryRegion, load_board


def twin_of(board: Board) -> Board | None:
    """Return what emulates ``board``: the board itself, its limited twin, or None.

    The twin keeps its own memory map, console and clock. Its regions shrink to what the board has
    for their contents, its code is compiled for the board's core.
    """
    if board.emulator is not None:
        return board
    if not board.twin:
        return None
    machine = load_board(board.twin)
    regions = tuple(_limited(region, board) for region in machine.memory)
    return replace(machine, name=f"the twin of {board.name}", cpu=board.cpu, memory=regions)


def _limited(region: MemoryRegion, board: Board) -> MemoryRegion:
    return replace(region, size=min(region.size, board.bytes_for(region.holds)))
