"""Kinds of instructions, and what each costs on a core: the words of the cycle model.

Which instruction is of which kind is a matter of its architecture: a :data:`Classify`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """Classes whose members take equally long on every core that the model knows."""

    ALU = "alu"
    LOAD = "load"
    LOAD_MANY = "load many"
    STORE = "store"
    STORE_MANY = "store many"
    MULTIPLY = "multiply"
    ACCUMULATE = "accumulate"
    LONG_MULTIPLY = "long multiply"
    LONG_ACCUMULATE = "long accumulate"
    DIVIDE = "divide"
    BRANCH = "branch"
    CALL = "call"
    CONDITION = "condition"
    FLOAT = "float"
    FLOAT_ACCUMULATE = "float accumulate"
    FLOAT_DIVIDE = "float divide"
    VECTOR = "vector"
    VECTOR_LOAD = "vector load"
    VECTOR_STORE = "vector store"
    VECTOR_ACCUMULATE = "vector accumulate"
    VECTOR_GATHER = "vector gather"
    LOOP = "loop"


Classify = Callable[[str, str], tuple[Kind, int]]
"""Mnemonic, operands -> kind, and how many words it moves (0: it moves none)."""


def plain_work(_mnemonic: str, _operands: str) -> tuple[Kind, int]:
    """Take any instruction for arithmetic: what is known of a processor nobody described."""
    return Kind.ALU, 0


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
