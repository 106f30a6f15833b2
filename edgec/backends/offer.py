"""Offers: how a kernel would run a node, at what cost, before anything is chosen or placed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.backends.request import Request
from edgec.ir import Array, Node, Signature
from edgec.program import Call, ConstantRef, Null, OperandRef, Overlap, View
from edgec.targets.cpu import CpuCore
from edgec.targets.target import Target

SCRATCH = "scratch"
"""The role of the memory that a kernel needs while it runs."""


class NotOfferedError(Exception):
    """A kernel found, while it made its call, that it cannot: the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A kernel that makes no offer, and the sentences that say why."""

    kernel: str
    backend: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferedConstant:
    """An array in flash that an offer needs: its bytes, and the pure function that makes it.

    ``name`` is the offer's own name for it. Where ``merges``, one array of the program serves all
    that are equal.
    """

    name: str
    bytes: int
    data: Callable[[], Array]
    merges: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """Where everything is that an offer refers to, and for which rows calls are wanted.

    ``views`` has the place of each role (``in0``, ``out0``, ``scratch``), ``constants`` the
    program's name of each array. ``rows`` is None for all.
    """

    views: Mapping[str, View]
    constants: Mapping[str, str]
    rows: range | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to run some nodes (mostly one) of a graph.

    ``cycles`` is what it would cost on the target, an estimate, None where there is none.
    ``functions`` are the C functions it links. ``overlaps`` says which output may lie over which
    input. ``rows`` counts the parts it can be run in; ``emit`` makes its calls.
    """

    kernel: str
    backend: str
    nodes: tuple[Node, ...]
    cycles: int | None
    functions: tuple[str, ...]
    constants: tuple[OfferedConstant, ...]
    scratch: int
    overlaps: tuple[Overlap, ...]
    rows: int
    emit: Callable[[Placement], tuple[Call, ...]]

    @property
    def constant_bytes(self) -> int:
        return sum(each.bytes for each in self.constants)


@dataclass(eq=False)
class OfferContext:
    """What a kernel turns its node into a call with; collects what the offer needs.

    ``rows`` are those that the call is for.
    """

    request: Request
    rows: range
    constants: dict[str, OfferedConstant] = field(default_factory=dict)
    scratch: int = 0
    overlaps: list[Overlap] = field(default_factory=list)

    @property
    def node(self) -> Node:
        return self.request.node

    @property
    def signature(self) -> Signature:
        return self.request.signature

    @property
    def cpu(self) -> CpuCore:
        return self.request.cpu

    @property
    def target(self) -> Target:
        return self.request.target

    def input(self, index: int, offset: int = 0) -> OperandRef | ConstantRef:
        """Return the address of an input, wherever it lives, ``offset`` bytes in."""
        value = self.node.inputs[index]
        data = self.request.graph.constants.get(value)
        if data is None:
            return OperandRef(f"in{index}", offset)
        return replace(self._store(value, data), offset=offset // data.itemsize)

    def optional_input(self, index: int) -> OperandRef | ConstantRef | Null:
        return self.input(index) if index < len(self.node.inputs) else Null()

    def output(self, index: int = 0, offset: int = 0) -> OperandRef:
        return OperandRef(f"out{index}", offset)

    def constant_value(self, index: int) -> Array:
        """Return the array of an input that a constraint has shown to be constant."""
        return self.request.graph.constants[self.node.inputs[index]]

    def table(self, hint: str, data: Array, *, mutable: bool = False) -> ConstantRef:
        """Put an array that the compiler computed into flash; equal ones are there once."""
        return self._store(f"{self.node.name}/{hint}", data, mutable=mutable, merges=True)

    def packed(self, hint: str, size: int, pack: Callable[[], Array]) -> ConstantRef:
        """Put an array of ``size`` bytes into flash that is made only where the offer is taken."""
        name = f"{self.node.name}/{hint}"
        self.constants[name] = OfferedConstant(name, size, pack, merges=True)
        return ConstantRef(name)

    def shared_table(self, name: str, data: Array) -> ConstantRef:
        """Put a table into flash that every node may refer to, once for all."""
        return self._store(f"edgec/{name}", data)

    def scratch_buffer(self, size: int) -> OperandRef | Null:
        """Reserve ``size`` bytes for the time of this call; Null for none."""
        self.scratch = size
        return OperandRef(SCRATCH) if size else Null()

    def may_overlap(self, input_index: int, output_index: int = 0, lag: int = 0) -> None:
        """Say that an output may lie over an input; see :class:`edgec.program.Overlap`."""
        self.overlaps.append(Overlap(f"in{input_index}", f"out{output_index}", lag))

    def _store(
        self, name: str, data: Array, *, mutable: bool = False, merges: bool = False
    ) -> ConstantRef:
        known = self.constants.get(name)
        if known is not None and not np.array_equal(known.data(), data):
            message = f"two different constants called {name!r}"
            raise ValueError(message)
        self.constants[name] = OfferedConstant(name, data.nbytes, lambda: data, merges)
        return ConstantRef(name, mutable)


Lowering = Callable[[OfferContext], Call | Sequence[Call]]
"""A kernel: from the context of a node to the calls that run it."""


Cost = Callable[[Sequence[Call]], int | None]
"""Calls -> the cycles they take on the target, None where nothing is known."""


def make_offer(
    kernel: str, backend: str, request: Request, lower: Lowering, rows: int, cost: Cost
) -> Offer:
    """Return the offer of a kernel; raises :class:`NotOfferedError`."""
    context = OfferContext(request, range(rows))
    calls = _calls(lower, context)

    def emit(placement: Placement) -> tuple[Call, ...]:
        wanted = calls
        if placement.rows is not None and placement.rows != range(rows):
            wanted = _calls(lower, OfferContext(request, placement.rows))
        return tuple(each.placed(placement.views, placement.constants) for each in wanted)

    return Offer(
        kernel=kernel,
        backend=backend,
        nodes=(request.node,),
        cycles=cost(calls),
        functions=tuple(dict.fromkeys(each.function for each in calls)),
        constants=tuple(context.constants.values()),
        scratch=context.scratch,
        overlaps=tuple(context.overlaps),
        rows=rows,
        emit=emit,
    )


def _calls(lower: Lowering, context: OfferContext) -> tuple[Call, ...]:
    made = lower(context)
    return (made,) if isinstance(made, Call) else tuple(made)
