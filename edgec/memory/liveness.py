"""Program -> live ranges: from the step that writes a storage to the last one that reads it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from edgec.program import Program, Step


@dataclass(frozen=True, slots=True)
class LiveRange:
    """A storage is needed from step ``first`` to step ``last``, both included.

    Model inputs are written before step 0 (``first`` = -1); outputs are read after the last step.
    States are needed all the time. ``over`` names storages that this one may lie over although
    both are needed at step ``first``, each with its lag: it may start that many bytes before the
    other, or lower.
    """

    name: str
    size: int
    first: int
    last: int
    over: tuple[tuple[str, int], ...] = ()

    def overlaps(self, other: "LiveRange") -> bool:
        """Tell whether both are needed at some moment."""
        return self.first <= other.last and other.first <= self.last


def live_ranges(program: Program) -> list[LiveRange]:
    """Return the range of every storage that is used, in the order of first use."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}

    def touch(storage: str, moment: int) -> None:
        first.setdefault(storage, moment)
        last[storage] = max(moment, last.get(storage, moment))

    states = [each.storage for each in program.states]
    for storage in (*program.port_storages(program.inputs), *states):
        touch(storage, -1)
    for moment, step in enumerate(program.steps):
        for storage in (*step.reads, *step.writes):
            touch(storage, moment)
    for storage in (*program.port_storages(program.outputs), *states):
        touch(storage, len(program.steps))
    ranges = {
        name: LiveRange(name, program.storages[name].size, first[name], last[name])
        for name in first
    }
    for moment, step in enumerate(program.steps):
        for written, over in _overlaps(step, moment, ranges):
            ranges[written] = replace(ranges[written], over=(*ranges[written].over, over))
    return list(ranges.values())


def _overlaps(
    step: Step, moment: int, ranges: dict[str, LiveRange]
) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield what a step writes, with what it may lie over: storages that end as it begins.

    All of the step's reads of such a storage have to allow it, and both have to be whole.
    """
    lags: dict[tuple[str, str], list[int]] = {}
    for read, written, lag in step.may_overlap():
        lags.setdefault((read, written), []).append(lag)
    parts = {each.view.storage for each in step.accesses if each.view.offset}
    for (read, written), allowed in lags.items():
        uses = step.reads.count(read)
        ends = ranges[read].last == moment == ranges[written].first
        if ends and uses == len(allowed) and not parts & {read, written}:
            yield written, (read, max(allowed))
