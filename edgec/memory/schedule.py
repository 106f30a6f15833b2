"""The stage between lowering and memory: in which order steps run, and in which parts.

Bits never depend on it; the memory that is needed does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from edgec.program import Access, Program, Step


@dataclass(frozen=True, slots=True)
class Schedule:
    """An order of a program's steps, by their numbers, and the parts that some are run in.

    ``tiles`` gives, for the number of a step, ranges of its rows that together are all of them,
    each once: the step makes its calls for one after the other.
    """

    order: tuple[int, ...]
    tiles: Mapping[int, tuple[range, ...]] = field(default_factory=dict)

    @classmethod
    def as_lowered(cls, program: Program) -> "Schedule":
        """Return the order that the graph has, every step in one part."""
        return cls(tuple(range(len(program.steps))))

    def applied_to(self, program: Program) -> Program:
        """Return the program with its steps in this order, cut into these parts.

        Raises ``ValueError`` where the order breaks a dependency, and where parts are not what a
        step can be cut into.
        """
        self._check_order(program)
        steps = tuple(
            _in_parts(program.steps[number], self.tiles.get(number, ())) for number in self.order
        )
        return replace(program, steps=steps)

    def _check_order(self, program: Program) -> None:
        if sorted(self.order) != list(range(len(program.steps))):
            message = f"{self.order} is no order of {len(program.steps)} steps"
            raise ValueError(message)
        place = {number: index for index, number in enumerate(self.order)}
        for before, after in dependencies(program.steps):
            if place[before] > place[after]:
                names = [program.steps[each].node for each in (before, after)]
                message = f"{names[1]!r} cannot run before {names[0]!r}"
                raise ValueError(message)


def dependencies(steps: Sequence[Step]) -> list[tuple[int, int]]:
    """Return the pairs of steps, by number, whose order matters: one writes what both touch."""
    touched: dict[str, list[tuple[int, Access]]] = {}  # by storage: only these can conflict
    pairs: list[tuple[int, int]] = []
    for after, later in enumerate(steps):
        found = {
            before
            for access in later.accesses
            for before, other in touched.get(access.view.storage, ())
            if _conflict(other, access)
        }
        pairs += [(before, after) for before in sorted(found)]
        for access in later.accesses:
            touched.setdefault(access.view.storage, []).append((after, access))
    return pairs


def _conflict(one: Access, other: Access) -> bool:
    if one.view.storage != other.view.storage or not (one.writes or other.writes):
        return False
    start, begin = one.view.offset, other.view.offset
    return start < begin + other.size and begin < start + one.size


def _in_parts(step: Step, parts: tuple[range, ...]) -> Step:
    if not parts:
        return step
    rows = sorted(row for part in parts for row in part)
    whole = all(part and part.step == 1 for part in parts)
    if step.tile is None or not whole or rows != list(range(step.rows)):
        message = f"{step.node!r} has {step.rows} rows, it cannot be run in parts {parts}"
        raise ValueError(message)
    ascending = all(one.start < other.start for one, other in pairwise(parts))
    return replace(
        step,
        calls=tuple(call for part in parts for call in step.tile(part)),
        overlaps=step.overlaps if ascending else (),  # they hold for bytes in ascending order
    )
