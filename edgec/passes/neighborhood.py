"""What a rule may ask about the graph around a node. Every question is remembered, with who asked.

So it is known exactly which nodes a change concerns, however far a rule looks: those that asked
about something that is not what it was. All others would get the answers they got before.
"""

from collections.abc import Collection, Container, Iterable, Iterator, Sequence

from edgec.ir import Array, Node, Signature, TensorType, ValueName
from edgec.passes.working_graph import Changes, Key, WorkingGraph

_ANY_NUMBER = 1 << 60


class Questions:
    """Who asked about which value: what it is, or which nodes read it."""

    def __init__(self) -> None:
        self._asking: Key = b""
        self._what: dict[ValueName, set[Key]] = {}
        self._readers: dict[ValueName, dict[Key, int]] = {}

    def begin(self, key: Key, node: Node) -> None:
        """Let a node ask from now on; what it reads always concerns it."""
        self._asking = key
        for value in node.inputs:
            self.what(value)

    def what(self, value: ValueName) -> None:
        """Note a question for the producer, type or array of a value."""
        self._what.setdefault(value, set()).add(self._asking)

    def readers(self, value: ValueName, most: int = _ANY_NUMBER) -> None:
        """Note a question for the readers; where ``most`` is less than they are, it is a no."""
        askers = self._readers.setdefault(value, {})
        askers[self._asking] = max(most, askers.get(self._asking, 0))

    def concerned(self, changes: Changes) -> Iterator[Key]:
        """Yield who would get another answer now, and forget their questions."""
        for value in changes.made:
            yield from self._what.pop(value, ())
        for value, fewest in changes.readers.items():
            askers = self._readers.get(value, {})
            for key in [key for key, most in askers.items() if most >= fewest]:
                del askers[key]
                yield key


class Neighborhood:
    """A graph with the lookups rules need."""

    def __init__(self, graph: WorkingGraph, questions: Questions) -> None:
        self._graph = graph
        self._questions = questions

    def type(self, value: ValueName) -> TensorType:
        self._questions.what(value)
        return self._graph.types[value]

    def signature(self, node: Node) -> Signature:
        inputs, outputs = (tuple(map(self.type, each)) for each in (node.inputs, node.outputs))
        return Signature(inputs, outputs)

    def constant(self, value: ValueName) -> Array | None:
        self._questions.what(value)
        return self._graph.constants.get(value)

    def is_output(self, value: ValueName) -> bool:
        """Tell whether a value is an output of the graph; rewriting adds none and drops none."""
        return value in self._graph.outputs

    def is_at_the_door(self, value: ValueName) -> bool:
        """Tell whether a value is an input or output of the graph: these keep their names."""
        return value in self._graph.inputs or value in self._graph.outputs

    def producer(self, value: ValueName) -> Node | None:
        """Return the node that makes a value; None for inputs and constants."""
        self._questions.what(value)
        key = self._graph.makers.get(value)
        return None if key is None else self._graph.nodes[key]

    def only_reader_of(self, node: Node, value: ValueName) -> bool:
        """Tell whether ``node`` alone reads ``value``, which is no output of the graph."""
        return self.reads_only(value, [node]) and bool(self._graph.readers.get(value))

    def reads_only(self, value: ValueName, nodes: Sequence[Node]) -> bool:
        """Tell whether no node but some reads ``value``, which is no output of the graph."""
        self._questions.readers(value, len(nodes))
        readers = self._graph.readers.get(value, {})
        few = len(readers) <= len(nodes) and not self.is_output(value)
        return few and all(each in nodes for each in readers.values())

    def readers(self, value: ValueName) -> list[Node]:
        """Return the nodes that read a value, in order."""
        self._questions.readers(value)
        return [node for _, node in sorted(self._graph.readers.get(value, {}).items())]

    def latest(self, values: Collection[ValueName]) -> Node | None:
        """Return the last node that makes one of some values; None where no node makes any."""
        for value in values:
            self._questions.what(value)
        makers = self._graph.makers
        last = max((makers[value] for value in values if value in makers), default=None)
        return None if last is None else self._graph.nodes[last]

    def private_producer(self, node: Node, index: int = 0) -> Node | None:
        """Return the node behind an input that nothing else reads."""
        value = node.inputs[index]
        producer = self.producer(value)
        return producer if producer and self.only_reader_of(node, value) else None

    def gone_with(self, nodes: Sequence[Node]) -> set[str]:
        """Return the names of the last of ``nodes`` and of those that only it needs."""
        gone = {nodes[-1].name}
        for node in reversed(nodes[:-1]):
            readers = [name for value in node.outputs for name in self._reader_names(value)]
            if not any(map(self.is_output, node.outputs)) and gone.issuperset(readers):
                gone.add(node.name)
        return gone

    def unused_value(self, name: str, taken: Container[str] = ()) -> ValueName:
        """Return ``name``, with a number where a value is called so, or it is in ``taken``."""
        return ValueName(self._graph.types.names.unused(name, taken=taken))

    def unused_node(
        self, name: str, *, gone: Collection[str] = (), taken: Container[str] = ()
    ) -> str:
        """Return ``name``, with a number where a node not ``gone`` is called so, or ``taken``."""
        return self._graph.names.unused(name, free=gone, taken=taken)

    def _reader_names(self, value: ValueName) -> Iterable[str]:
        return (node.name for node in self._graph.readers.get(value, {}).values())
