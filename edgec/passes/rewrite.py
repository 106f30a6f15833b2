"""Local rewriting: a rule looks at one node and its neighbors and may offer a replacement.

The result is that of always taking the first node, in order, that a rule matches. A node is looked
at again only where something is not what its rules saw: it then may match, and no other may.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from edgec.ir import Array, DType, Graph, Node, Op, QParams, TensorType, ValueName
from edgec.passes.neighborhood import Neighborhood, Questions
from edgec.passes.working_graph import Changes, Key, WorkingGraph

__all__ = [
    "Draft",
    "Neighborhood",
    "Replacement",
    "Rule",
    "rewrite",
    "unused",
    "without_dead_nodes",
]

# Chosen by hand, far above what models need: rules that undo each other must end. A loop that was
# written out can move each of a thousand nodes past all of the others.
_LIMIT, _LIMIT_PER_NODE = 20_000, 1_000


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands for a node from now on.

    Either ``nodes`` make the node's outputs, under their names, or ``same_as`` says which other
    value each output equals. ``types`` and ``constants`` are those of added values.
    """

    nodes: Sequence[Node] = ()
    same_as: Mapping[ValueName, ValueName] = field(default_factory=dict)
    types: Mapping[ValueName, TensorType] = field(default_factory=dict)
    constants: Mapping[ValueName, Array] = field(default_factory=dict)


Rule = Callable[[Node, Neighborhood], Replacement | None]


class Draft:
    """Collects the new nodes, types and constants of a replacement, under unused names.

    ``origins`` are the nodes that the new ones stand for; the last is the one that is replaced.
    """

    def __init__(self, around: Neighborhood, origins: Sequence[Node]) -> None:
        self._around = around
        self._gone = around.gone_with(origins)
        self._origins = tuple(
            dict.fromkeys(o for each in origins for o in each.origins or (each.name,))
        )
        self.nodes: list[Node] = []
        self.types: dict[ValueName, TensorType] = {}
        self.constants: dict[ValueName, Array] = {}

    def constant(self, name: str, array: Array, qparams: QParams | None = None) -> ValueName:
        value = self._fresh(name)
        self.constants[value] = array.copy()
        self.types[value] = TensorType(array.shape, DType.of(array), qparams)
        return value

    def add(
        self, op: Op, inputs: Sequence[ValueName], *, name: str, output: ValueName | None = None
    ) -> ValueName:
        """Add a node; ``output`` names a value of the graph, None makes a new one."""
        value = output or self._fresh(name)
        if output is None:
            (self.types[value],) = op.infer([self._type(each) for each in inputs])
        self.nodes.append(Node(self._fresh_node(name), op, tuple(inputs), (value,), self._origins))
        return value

    def replacement(self) -> Replacement:
        return Replacement(self.nodes, {}, self.types, self.constants)

    def _type(self, value: ValueName) -> TensorType:
        return self.types[value] if value in self.types else self._around.type(value)

    def _fresh(self, name: str) -> ValueName:
        return self._around.unused_value(name, self.types)

    def _fresh_node(self, name: str) -> str:
        taken = {node.name for node in self.nodes}
        return self._around.unused_node(name, gone=self._gone, taken=taken)


def unused(name: str, *taken: Container[str]) -> str:
    """Return ``name``, with a number behind it where it is taken."""
    candidate, number = name, 2
    while any(candidate in each for each in taken):
        candidate = f"{name}.{number}"
        number += 1
    return candidate


def rewrite(graph: Graph, *rules: Rule) -> Graph:
    """Apply rules wherever they match until none does; nodes that nothing needs are dropped."""
    return _Rewriting(graph, rules).run()


def without_dead_nodes(graph: Graph) -> Graph:
    """Drop nodes whose outputs nothing needs."""
    needed, kept = set(graph.outputs), []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return graph.with_nodes(reversed(kept)) if len(kept) < len(graph.nodes) else graph


class _Rewriting:
    """The nodes that may match, first the first: at the beginning all, then those concerned."""

    def __init__(self, graph: Graph, rules: Sequence[Rule]) -> None:
        self._before, self._rules = graph, rules
        self._limit = _LIMIT + _LIMIT_PER_NODE * len(graph.nodes)
        self._graph, self._questions = WorkingGraph(graph), Questions()
        self._around = Neighborhood(self._graph, self._questions)
        self._order: list[Key] = list(self._graph.nodes)  # a heap: these are in order
        self._waiting = set(self._order)

    def run(self) -> Graph:
        matches = 0
        while self._order:
            changes = self._visit(heappop(self._order))
            matches += changes is not None
            if matches == self._limit:
                message = f"rules {self._rules} do not come to an end"
                raise AssertionError(message)
            if changes is not None:
                self._put(changes)
        return self._graph.graph() if matches else self._before

    def _put(self, changes: Changes) -> None:
        """Let those nodes be visited again that rules may see something new at."""
        for key in (*changes.nodes, *self._questions.concerned(changes)):
            if key in self._graph.nodes and key not in self._waiting:
                self._waiting.add(key)
                heappush(self._order, key)

    def _visit(self, key: Key) -> Changes | None:
        """Apply the first rule that matches a node."""
        self._waiting.discard(key)
        node = self._graph.nodes.get(key)
        if node is None:
            return None
        self._questions.begin(key, node)
        for rule in self._rules:
            change = rule(node, self._around)
            names = self._unified(change) if change else None
            if change and names is not None:
                return self._graph.replace(key, change.nodes, names, change.types, change.constants)
        return None

    def _unified(self, change: Replacement) -> dict[ValueName, ValueName] | None:
        """Return which values have to be renamed, None where one needs two names.

        An output of the graph keeps its name.
        """
        names: dict[ValueName, ValueName] = {}
        for value, other in change.same_as.items():
            if not self._around.is_output(value):
                names[value] = other
            elif self._around.is_at_the_door(other) or self._is_constant(other, change):
                return None
            else:
                names[other] = value
        return names

    def _is_constant(self, value: ValueName, change: Replacement) -> bool:
        return value in change.constants or self._around.constant(value) is not None
