"""Program -> live ranges: from the step that writes a buffer to the last one that reads it."""

from dataclasses import dataclass

from edgec.lir import Program


@dataclass(frozen=True, slots=True)
class LiveRange:
    """A buffer is needed from step ``first`` to step ``last``, both included.

    Model inputs are written before step 0 (``first`` = -1); outputs are read after the last step.
    States are needed all the time.
    """

    name: str
    size: int
    first: int
    last: int

    def overlaps(self, other: "LiveRange") -> bool:
        """Tell whether both are needed at some moment."""
        return self.first <= other.last and other.first <= self.last


def live_ranges(program: Program) -> list[LiveRange]:
    """Return the range of every buffer that is used, in the order of first use."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}

    def touch(buffer: str, moment: int) -> None:
        first.setdefault(buffer, moment)
        last[buffer] = max(moment, last.get(buffer, moment))

    for buffer in (*(p.buffer for p in program.inputs), *(s.buffer for s in program.states)):
        touch(buffer, -1)
    for moment, step in enumerate(program.steps):
        scratch = (step.scratch.name,) if step.scratch else ()
        for buffer in (*step.reads, *step.writes, *scratch):
            touch(buffer, moment)
    for buffer in (*(p.buffer for p in program.outputs), *(s.buffer for s in program.states)):
        touch(buffer, len(program.steps))
    return [LiveRange(name, program.buffers[name].size, first[name], last[name]) for name in first]
