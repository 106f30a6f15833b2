"""Local rewriting: a rule looks at one node and its neighbors and may offer a replacement."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from edgec.ir import Array, DType, Graph, Node, Op, QParams, TensorType, ValueName

# Chosen by hand, far above what models need: rules that undo each other must end.
_LIMIT = 20_000


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


class Neighborhood:
    """A graph with the lookups rules need."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._producers = graph.producers()
        self._consumers = graph.consumers()

    def type(self, value: ValueName) -> TensorType:
        return self.graph.types[value]

    def constant(self, value: ValueName) -> Array | None:
        return self.graph.constants.get(value)

    def producer(self, value: ValueName) -> Node | None:
        """Return the node that makes a value; None for inputs and constants."""
        return self._producers.get(value)

    def only_reader_of(self, node: Node, value: ValueName) -> bool:
        """Tell whether ``node`` alone reads ``value``, which is no output of the graph."""
        return self._consumers.get(value) == [node] and value not in self.graph.outputs

    def readers(self, value: ValueName) -> list[Node]:
        """Return the nodes that read a value, in order."""
        return self._consumers.get(value, [])

    def latest(self, values: Collection[ValueName]) -> Node | None:
        """Return the last node that makes one of some values; None where no node makes any."""
        last = [node for node in self.graph.nodes if not set(values).isdisjoint(node.outputs)]
        return last[-1] if last else None

    def private_producer(self, node: Node, index: int = 0) -> Node | None:
        """Return the node behind an input that nothing else reads."""
        value = node.inputs[index]
        return self.producer(value) if self.only_reader_of(node, value) else None

    def gone_with(self, nodes: Sequence[Node]) -> set[str]:
        """Return the names of the last of ``nodes`` and of those that only it needs."""
        gone = {nodes[-1].name}
        for node in reversed(nodes[:-1]):
            readers = [each for value in node.outputs for each in self._consumers.get(value, ())]
            kept = any(value in self.graph.outputs for value in node.outputs)
            if not kept and all(each.name in gone for each in readers):
                gone.add(node.name)
        return gone


Rule = Callable[[Node, Neighborhood], Replacement | None]


class Draft:
    """Collects the new nodes, types and constants of a replacement, under unused names.

    ``origins`` are the nodes that the new ones stand for; the last is the one that is replaced.
    """

    def __init__(self, around: Neighborhood, origins: Sequence[Node]) -> None:
        self._graph = around.graph
        self._node_names = {node.name for node in around.graph.nodes} - around.gone_with(origins)
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
        return self.types[value] if value in self.types else self._graph.types[value]

    def _fresh(self, name: str) -> ValueName:
        taken = self._graph.types.keys() | self.types.keys()
        return ValueName(unused(name, taken))

    def _fresh_node(self, name: str) -> str:
        return unused(name, self._node_names | {node.name for node in self.nodes})


def unused(name: str, taken: "set[str] | set[ValueName]") -> str:
    """Return ``name``, with a number behind it where it is taken."""
    candidate, number = name, 2
    while candidate in taken:
        candidate = f"{name}.{number}"
        number += 1
    return candidate


def rewrite(graph: Graph, *rules: Rule) -> Graph:
    """Apply rules wherever they match until none does; nodes that nothing needs are dropped."""
    for _ in range(_LIMIT):
        changed = _first_match(graph, rules)
        if changed is None:
            return graph
        graph = changed
    message = f"rules {rules} do not come to an end"
    raise AssertionError(message)


def without_dead_nodes(graph: Graph) -> Graph:
    """Drop nodes whose outputs nothing needs."""
    needed, kept = set(graph.outputs), []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return graph.with_nodes(reversed(kept)) if len(kept) < len(graph.nodes) else graph


def _first_match(graph: Graph, rules: Sequence[Rule]) -> Graph | None:
    around = Neighborhood(graph)
    for index, node in enumerate(graph.nodes):
        for rule in rules:
            replacement = rule(node, around)
            result = _apply(graph, index, replacement) if replacement else None
            if result is not None:
                return without_dead_nodes(result)
    return None


def _apply(graph: Graph, index: int, change: Replacement) -> Graph | None:
    nodes = [*graph.nodes[:index], *change.nodes, *graph.nodes[index + 1 :]]
    result = graph.with_nodes(nodes, types=change.types, constants=change.constants)
    constants = graph.constants.keys() | change.constants.keys()
    return _unified(result, change.same_as, constants) if change.same_as else result


def _unified(
    graph: Graph, same_as: Mapping[ValueName, ValueName], constants: Collection[ValueName]
) -> Graph | None:
    """Make two values one. An output of the graph keeps its name; None where both must."""
    names: dict[ValueName, ValueName] = {}
    for value, other in same_as.items():
        if value not in graph.outputs:
            names[value] = other
        elif other in (*graph.inputs, *graph.outputs) or other in constants:
            return None
        else:
            names[other] = value
    renamed = graph.renamed(names)
    return renamed.with_nodes(renamed.nodes)
