"""Ticks to instructions, exactly, for QEMU under ``-icount``.

An instruction takes 2^shift ns of virtual time and a tick 1/tick_hz s. Boards choose the shift so
that an instruction takes at least two ticks: then a difference of two readings, each cut to whole
ticks, is off by less than half an instruction, and rounding makes it exact.
"""

from dataclasses import dataclass
from fractions import Fraction

from edgec.targets.architecture import TickCounter


@dataclass(frozen=True, slots=True)
class InstructionClock:
    """Converts ticks counted since the runner's restart of the counter."""

    tick_hz: int
    icount_shift: int
    counter: TickCounter

    def instructions(self, start: int, end: int) -> int:
        """Return the instructions between two readings, without those of the tick interrupt."""
        per_tick = Fraction(10**9, self.tick_hz << self.icount_shift)
        interrupts = (end >> self.counter.bits) - (start >> self.counter.bits)
        foreign = self.counter.interrupt_instructions * interrupts
        return round((end - start) * per_tick) - foreign
