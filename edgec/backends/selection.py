"""Chooses an offer for every node and lowers the graph to a program."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from edgec.backends.backend import Backend
from edgec.backends.offer import SCRATCH, Offer, OfferedConstant, Placement, Rejection
from edgec.backends.request import Request
from edgec.backends.state_steps import keep_states, state_storages
from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.operator import Operator
from edgec.program import (
    Access,
    Call,
    Considered,
    ConstantArray,
    Port,
    Program,
    Step,
    Storage,
    View,
)
from edgec.targets.target import Target

_LATER = "another kernel comes first in the order of preference"


@dataclass(frozen=True, slots=True)
class Choice:
    """A node, the offer that was chosen for it, and all that there was to choose from."""

    request: Request
    offer: Offer
    heard: tuple[Offer | Rejection, ...]

    def considered(self) -> tuple[Considered, ...]:
        """Return the offers and rejections as reports show them."""
        return tuple(self._shown(each) for each in self.heard)

    def _shown(self, each: Offer | Rejection) -> Considered:
        if isinstance(each, Rejection):
            reason = f"requires: {'; '.join(each.reasons)}"
            return Considered(
                each.kernel, each.backend, None, None, None, chosen=False, reason=reason
            )
        taken = each is self.offer
        return Considered(
            kernel=each.kernel,
            backend=each.backend,
            cycles=each.cycles,
            flash=each.constant_bytes,
            scratch=each.scratch,
            chosen=taken,
            reason="" if taken else _LATER,
        )


def lower(graph: Graph, target: Target, backends: Sequence[Backend]) -> Program:
    """Return the program of ``graph`` on ``target``.

    Raises :class:`EdgecError` ``no-kernel`` naming every node that no backend can run, and
    ``unsupported-state``.
    """
    return _Lowering(graph, target).program(choose_all(graph, target, backends))


def choose_all(graph: Graph, target: Target, backends: Sequence[Backend]) -> list[Choice]:
    """Choose for every node that costs anything; raises ``no-kernel`` for all that have none."""
    choices: list[Choice] = []
    errors: list[EdgecError] = []
    for node in (each for each in graph.nodes if not is_elided(graph, each)):
        try:
            choices.append(choose(Request.of(node, graph, target), backends))
        except EdgecError as error:
            errors.append(error)
    raise_all(errors)
    return choices


def choose(request: Request, backends: Sequence[Backend]) -> Choice:
    """Return the first offer in the order of ``backends``, with all that was heard."""
    heard = tuple(said for backend in backends for said in backend.offers_for(request))
    offers = [each for each in heard if isinstance(each, Offer)]
    if offers:
        return Choice(request, offers[0], heard)
    notes = [
        f"{each.backend} {each.kernel}: requires: {why}"
        for each in heard
        if isinstance(each, Rejection)
        for why in each.reasons
    ]
    raise EdgecError(
        "no-kernel",
        f"{request.op} has no kernel for {', '.join(map(str, request.signature.inputs))}",
        place=Place(request.graph.name, f"node {request.node.name!r}"),
        help="`edgec ops` lists what each kernel needs; `edgec check` shows the whole model",
        notes=notes,
    )


def is_elided(graph: Graph, node: Node) -> bool:
    """Tell whether a node costs nothing: its output is a view of its input's bytes."""
    op = node.op
    return isinstance(op, Operator) and op.is_view and node.inputs[0] not in graph.constants


@dataclass(eq=False)
class _Lowering:
    graph: Graph
    target: Target
    views: dict[ValueName, View] = field(init=False)
    constants: dict[str, ConstantArray] = field(default_factory=dict)
    _equal: dict[bytes, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.views = _views(self.graph)

    def program(self, choices: Sequence[Choice]) -> Program:
        graph, views = self.graph, self.views
        steps = tuple(self._step(each) for each in choices)
        tensors = (
            Storage(view.storage, graph.types[ValueName(view.storage)].bytes)
            for view in views.values()
        )
        scratch = (storage for step in steps for storage in step.scratch)
        return Program(
            graph.name,
            self.target.core.name,
            tuple(self._port(value) for value in graph.without_states(graph.inputs)),
            self._outputs(),
            {each.name: each for each in (*tensors, *scratch)},
            self.constants,
            (*steps, *keep_states(graph, views)),
            states=state_storages(graph, views),
        )

    def _outputs(self) -> tuple[Port, ...]:
        """Return all outputs; those that are always the same become constants of the program."""
        ports = [self._port(value) for value in self.graph.without_states(self.graph.outputs)]
        for each in sorted(self.graph.fixed, key=lambda each: each.index):
            name = f"{each.name}/output"
            self.constants[name] = ConstantArray(name, each.data)
            ports.insert(each.index, Port(each.name, each.type, None, constant=name))
        return tuple(ports)

    def _port(self, value: ValueName) -> Port:
        graph = self.graph
        layout = graph.layouts.get(value)
        return Port(value, graph.types[value], self.views[value], layout, graph.halves_to_even)

    def _step(self, choice: Choice) -> Step:
        request, offer = choice.request, choice.offer
        node, signature = request.node, request.signature
        scratch = (Storage(f"{node.name}/{SCRATCH}", offer.scratch),) if offer.scratch else ()
        accesses = (*self._accesses(node), *(_scratch_access(each) for each in scratch))
        names = {each.name: self._constant(each) for each in offer.constants}
        placement = Placement({each.role: each.view for each in accesses}, names)
        return Step(
            node=node.name,
            op=node.op.name,
            comment=_comment(node, request),
            backend=offer.backend,
            calls=offer.emit(placement),
            accesses=accesses,
            scratch=scratch,
            macs=node.op.macs(signature),
            weights_bytes=sum(self.constants[each].data.nbytes for each in set(names.values())),
            inputs=signature.inputs,
            outputs=signature.outputs,
            overlaps=offer.overlaps,
            considered=choice.considered(),
            rows=offer.rows,
            tile=partial(_tile, offer, placement) if offer.rows > 1 else None,
        )

    def _accesses(self, node: Node) -> list[Access]:
        read = [
            Access(f"in{index}", self.views[value], self.graph.types[value].bytes, writes=False)
            for index, value in enumerate(node.inputs)
            if value in self.views
        ]
        written = [
            Access(f"out{index}", self.views[value], self.graph.types[value].bytes, writes=True)
            for index, value in enumerate(node.outputs)
        ]
        return [*read, *written]

    def _constant(self, offered: OfferedConstant) -> str:
        """Return the program's name for an array of an offer; equal ones become one."""
        data = offered.data()
        name = offered.name
        digest = _digest(data)
        if offered.merges:
            name = self._equal.get(digest, name)
        known = self.constants.get(name)
        if known is not None and _digest(known.data) != digest:
            message = f"two different constants called {name!r}"
            raise ValueError(message)
        self.constants[name] = known or ConstantArray(name, data)
        self._equal.setdefault(digest, name)
        return name


def _digest(data: Array) -> bytes:
    head = f"{data.dtype.str} {data.shape} ".encode()
    return hashlib.sha256(head + data.tobytes()).digest()


def _tile(offer: Offer, placement: Placement, rows: range) -> tuple[Call, ...]:
    return offer.emit(Placement(placement.views, placement.constants, rows))


def _scratch_access(storage: Storage) -> Access:
    return Access(SCRATCH, View(storage.name), storage.size, writes=True)


def _views(graph: Graph) -> dict[ValueName, View]:
    """Return where every value lives; what costs nothing is a view of what it is made of."""
    views = {value: View(value) for value in graph.inputs}
    for node in graph.nodes:
        for value in node.outputs:
            views[value] = views[node.inputs[0]] if is_elided(graph, node) else View(value)
    return views


def _comment(node: Node, request: Request) -> str:
    shapes = ["x".join(map(str, kind.shape)) for kind in request.signature.inputs[:1]]
    shapes += ["x".join(map(str, kind.shape)) for kind in request.signature.outputs]
    return f"{node.name}: {node.op} {' -> '.join(shapes)}"
