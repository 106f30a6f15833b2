"""Ticks are whole numbers, instructions are exact all the same."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.firmware.counting import InstructionClock
from edgec.targets.board import board_names, load_board
from edgec.targets.cpu import ARCHITECTURES

MACHINES = sorted(
    {
        (board.emulator.tick_hz, board.emulator.icount_shift, board.core.architecture)
        for board in map(load_board, board_names())
        if board.emulator is not None
    }
)


@pytest.mark.parametrize(("tick_hz", "shift", "architecture"), MACHINES)
@given(
    start=st.integers(0, 10**6),
    count=st.integers(0, 10**9),
    phase=st.fractions(0, 1, max_denominator=1000),
)
def test_counts_are_exact_at_any_phase(
    tick_hz: int, shift: int, architecture: str, start: int, count: int, phase: Fraction
) -> None:
    def ticks_at(instruction: int) -> int:
        return int(Fraction(tick_hz * (instruction << shift), 10**9) + phase)

    first, last = ticks_at(start), ticks_at(start + count)
    counter = ARCHITECTURES[architecture].ticks
    interrupts = (last >> counter.bits) - (first >> counter.bits)
    counted = InstructionClock(tick_hz, shift, counter).instructions(first, last)
    assert counted + counter.interrupt_instructions * interrupts == count
