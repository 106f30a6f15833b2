"""Builds graphs: unique names, inferred types. Used by front ends, passes and tests."""

from collections.abc import Mapping, Sequence

import numpy as np

from edgec.ir.graph import Graph, Node, Op, State, ValueName
from edgec.ir.names import Names
from edgec.ir.room import LARGEST_VALUE, Room, TooLargeError
from edgec.ir.types import Array, DType, QParams, TensorType


class GraphBuilder:
    """Collects nodes in topological order and infers the types of what they produce.

    What it is given room for bounds its constants: :class:`TooLargeError` where they, or any one
    value, become larger.
    """

    def __init__(self, name: str, room: Room | None = None) -> None:
        self.name = name
        self.room = room or Room()
        self._inputs: list[ValueName] = []
        self._nodes: list[Node] = []
        self._types: dict[ValueName, TensorType] = {}
        self._constants: dict[ValueName, Array] = {}
        self._makers: dict[ValueName, Node] = {}
        self._value_names, self._node_names = Names(), Names()
        self._states: list[State] = []
        self._current: dict[ValueName, ValueName] = {}

    def input(self, name: str, kind: TensorType) -> ValueName:
        """Declare a model input."""
        value = self._fresh(name)
        self._inputs.append(value)
        self._declare(value, kind)
        return value

    def constant(self, name: str, array: Array, qparams: QParams | None = None) -> ValueName:
        """Add a constant; the name gets a number where it is taken."""
        self.room.take(int(np.asarray(array).nbytes))
        value = self._fresh(name)
        data = np.ascontiguousarray(array).reshape(np.shape(array)).copy()
        self._constants[value] = data
        self._declare(value, TensorType(data.shape, DType.of(data), qparams))
        return value

    def add(
        self,
        op: Op,
        inputs: Sequence[ValueName],
        *,
        name: str = "",
        outputs: Sequence[str] = (),
        qparams: Sequence[QParams | None] = (),
        origins: Sequence[str] = (),
    ) -> tuple[ValueName, ...]:
        """Add a node and return its outputs; ``ValueError`` where the inputs do not fit the op."""
        kinds = op.infer([self._types[value] for value in inputs])
        name = self._fresh_node(name or op.name)
        wanted = list(outputs) or [
            name if len(kinds) == 1 else f"{name}_{i}" for i in range(len(kinds))
        ]
        values = tuple(self._fresh(each) for each in wanted)
        for index, (value, kind) in enumerate(zip(values, kinds, strict=True)):
            stated = kind.with_qparams(qparams[index]) if index < len(qparams) else kind
            self._declare(value, stated)
        node = Node(name, op, tuple(inputs), values, tuple(origins) or (name,))
        self._nodes.append(node)
        self._makers.update(dict.fromkeys(values, node))
        return values

    def add1(
        self, op: Op, *inputs: ValueName, name: str = "", qparams: QParams | None = None
    ) -> ValueName:
        """Add a node with one output and return it."""
        (value,) = self.add(op, inputs, name=name, qparams=(qparams,) if qparams else ())
        return value

    @property
    def nodes(self) -> Sequence[Node]:
        """The nodes so far, in topological order."""
        return self._nodes

    def type(self, value: ValueName) -> TensorType:
        return self._types[value]

    def keep(self, state: ValueName, after: ValueName) -> None:
        """Make an input a state that gets, at the next run, what ``after`` has now."""
        self._states.append(State(state, after))
        self.overwrite(state, after)

    def overwrite(self, value: ValueName, after: ValueName) -> None:
        """Let :meth:`current` return ``after`` for ``value``, whose memory now holds it."""
        self._current[value] = after
        self._states = [
            State(each.input, after) if each.output == value else each for each in self._states
        ]

    def current(self, value: ValueName) -> ValueName:
        """Return what the memory of a value holds by now: the value, or what overwrote it."""
        while value in self._current:
            value = self._current[value]
        return value

    def is_input(self, value: ValueName) -> bool:
        return value in self._inputs

    def state(self, value: ValueName, qparams: QParams) -> None:
        """Give an integer value the quantization that what reads it states."""
        self._types[value] = self._types[value].with_qparams(qparams)

    def constant_value(self, value: ValueName) -> Array | None:
        """Return the array of a constant, None for any other value."""
        return self._constants.get(value)

    def producer(self, value: ValueName) -> Node | None:
        """Return the node that makes a value; None for inputs and constants."""
        return self._makers.get(value)

    def build(
        self,
        outputs: Sequence[ValueName],
        layouts: Mapping[ValueName, tuple[int, ...]] | None = None,
    ) -> Graph:
        """Return the graph; constants that nothing reads are left out.

        What states get next joins the outputs.
        """
        outputs = [*outputs, *(each.output for each in self._states)]
        used = {value for node in self._nodes for value in node.inputs} | set(outputs)
        constants = {value: data for value, data in self._constants.items() if value in used}
        types = {
            value: kind
            for value, kind in self._types.items()
            if value not in self._constants or value in used
        }
        return Graph(
            self.name,
            tuple(self._inputs),
            tuple(outputs),
            tuple(self._nodes),
            types,
            constants,
            layouts or {},
            states=tuple(self._states),
        )

    def _declare(self, value: ValueName, kind: TensorType) -> None:
        if kind.bytes > LARGEST_VALUE:
            message = f"{value!r} is {kind}: {kind.bytes:,} bytes, {LARGEST_VALUE:,} at most"
            raise TooLargeError(message)
        self._types[value] = kind
        self._value_names.add(value)

    def _fresh(self, name: str) -> ValueName:
        wanted = name or "value"
        taken = wanted in self._value_names
        return ValueName(self._value_names.numbered(name) if taken else wanted)

    def _fresh_node(self, name: str) -> str:
        free = self._node_names.unused(name)
        self._node_names.add(free)
        return free
