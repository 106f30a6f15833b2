"""Several models in one firmware: one folder of kernels, one runner, one arena."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgec.memory.planner import MemoryPlan, aligned
from edgec.program import Program


@dataclass(frozen=True, slots=True)
class PlannedProgram:
    """A program and where its storages lie in an arena of its own."""

    program: Program
    memory: MemoryPlan

    @property
    def keeps_states(self) -> bool:
        return bool(self.program.states)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Models that are linked together, under one name; with one model it is that model.

    ``arena_starts`` is where each model's arena begins in the common one, ``arena_size`` what all
    need. Models run in turn: those that keep nothing from run to run share the same bytes, so that
    inputs and outputs of one hold until another runs. States have bytes of their own.
    """

    name: str
    models: tuple[PlannedProgram, ...]
    arena_starts: tuple[int, ...]
    arena_size: int

    @classmethod
    def in_turn(cls, name: str, models: Sequence[PlannedProgram]) -> "Deployment":
        """Return models that run one at a time; raises ``ValueError`` for two of one name."""
        names = [each.program.name for each in models]
        if len(set(names)) < len(names) or not models:
            message = f"models need names of their own: {', '.join(names) or 'there is none'}"
            raise ValueError(message)
        shared = max((aligned(m.memory.size) for m in models if not m.keeps_states), default=0)
        starts, end = [], shared
        for each in models:
            starts.append(end if each.keeps_states else 0)
            end += aligned(each.memory.size) if each.keeps_states else 0
        return cls(name, tuple(models), tuple(starts), end)

    @classmethod
    def of_one(cls, program: Program, memory: MemoryPlan) -> "Deployment":
        return cls(program.name, (PlannedProgram(program, memory),), (0,), memory.size)
