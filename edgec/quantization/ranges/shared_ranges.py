"""Which values share one quantization: a union-find over the values of a float graph.

Operators that only move data tie their output to their input. An operator with several inputs
(concatenation) ties them all, but for those it cannot: values with a quantization prescribed by
TFLite, and values that another such operator has tied already. These are requantized on their way.
So are those that :func:`~edgec.quantization.ranges.own_ranges.with_own_ranges` has marked before,
since sharing would cost somebody precision. Values that are marked as alike are tied whatever else
they are tied to; so are the states of recurrent layers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from edgec.ir import Graph, Node, QParams, ValueName
from edgec.ops.conversion.alike import Alike
from edgec.ops.conversion.own_range import OwnRange
from edgec.ops.conversion.quantize import signed_form
from edgec.ops.elementwise.extremum import Extremum
from edgec.ops.movement.pad import Pad
from edgec.ops.operator import Operator, OutputRule, is_float
from edgec.quantization.ranges.observers import Range

# A step this much larger costs whoever reads a value 20 log10 of it; a second rounding, on the way
# to where the step is that large, costs 10 log10(1 + 1 / it^2). Both are 2.1 dB here, at the square
# root of the golden ratio.
_ALIKE = 1.272


def spoils(joined: Range, alone: Range) -> bool:
    """Tell whether sharing the range ``joined`` costs what has the range ``alone`` too much."""
    return _span(joined) > _ALIKE * _span(alone)


def _span(seen: Range) -> float:
    return max(seen.high, 0.0) - min(seen.low, 0.0)


def joins(graph: Graph, node: Node) -> bool:
    """Tell whether an operator puts values of different origin into one that has one scale."""
    op = node.op
    if not isinstance(op, Operator) or op.output_rule is not OutputRule.SAME_AS_INPUT:
        return False
    if isinstance(op, Pad):
        return op.value != 0
    return not isinstance(op, Alike) and sum(is_float(graph.types[v]) for v in node.inputs) > 1


@dataclass(eq=False)
class Ties:
    """``requantized`` holds the edges (node name, input index) that need a node in between.

    Without ``joining`` only moves, marks and the states of layers tie: no concatenations or the
    like, no first states.
    """

    graph: Graph
    joining: bool = True
    requantized: set[tuple[str, int]] = field(default_factory=set)
    _parent: dict[ValueName, ValueName] = field(default_factory=dict)
    _fixed: dict[ValueName, QParams] = field(default_factory=dict)
    _joined: set[ValueName] = field(default_factory=set)  # roots that a concatenation has tied
    _bytes: set[ValueName] = field(default_factory=set)  # inputs that the file has in 8 bits
    _powers: set[ValueName] = field(default_factory=set)  # values with a power of two as scale
    _makers: Mapping[ValueName, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._makers = self.graph.producers()
        for value in self.graph.without_states(self.graph.inputs):
            self._fix_door(value)
        for node in self.graph.nodes:
            rule = node.op.output_rule if isinstance(node.op, Operator) else None
            if rule is OutputRule.FIXED:
                self._fix(node)
            elif rule is OutputRule.SAME_AS_INPUT:
                self._tie(node)
            self._tie_states(node)
        self._powers = {self.root(value) for value in self._powers}
        self._bytes = {self.root(value) for value in self._bytes}

    def root(self, value: ValueName) -> ValueName:
        """Return the value that stands for all that share its quantization."""
        while value in self._parent:
            value = self._parent[value]
        return value

    def fixed(self, value: ValueName) -> QParams | None:
        """Return the int8 quantization that is prescribed for a value's group.

        By TFLite, or by the file for an input that is integers of 8 bits: these lose nothing.
        """
        return self._fixed.get(self.root(value))

    def is_in_bytes(self, value: ValueName) -> bool:
        """Tell whether a value's group is that of an input that is 8 bits in the file."""
        return self.root(value) in self._bytes

    def is_power_of_two(self, value: ValueName) -> bool:
        """Tell whether a value is int16 with a power of two as its scale, whatever is asked for."""
        return self.root(value) in self._powers

    def ranges(self, ranges: Mapping[ValueName, Range]) -> dict[ValueName, Range]:
        """Return the range of each group, by root: the union over its values and constants.

        What a larger or smaller of two leaves out does not count where it would cost the rest.
        """
        result: dict[ValueName, Range] = {}
        compared = self._only_compared
        for value, seen in ranges.items():
            if value not in compared:
                root = self.root(value)
                result[root] = result[root].union(seen) if root in result else seen
        for node in self.graph.nodes:
            for value, output in (*self._tied_constants(node), *self._first_states(node)):
                array, root = self.graph.constants.get(value), self.root(output)
                seen = ranges[value] if array is None else Range.of(array)
                joined = result[root].union(seen)
                if not (isinstance(node.op, Extremum) and spoils(joined, result[root])):
                    result[root] = joined
        for value in compared:
            root = self.root(value)
            joined = result[root].union(ranges[value])
            result[root] = result[root] if spoils(joined, result[root]) else joined
        return result

    def readers(self) -> dict[ValueName, set[str]]:
        """Return the nodes that need each group's precision, by root; "" stands for an output.

        What only moves within the group does not; a layer whose states are in it does.
        """
        found: dict[ValueName, set[str]] = {self.root(v): {""} for v in self.graph.outputs}
        for node in self.graph.nodes:
            made = {self.root(value) for value in node.outputs}
            for value in node.inputs:
                if self.root(value) not in made or _has_states(node):
                    found.setdefault(self.root(value), set()).add(node.name)
            for root in made if _has_states(node) else ():
                found.setdefault(root, set()).add(node.name)
        return found

    @cached_property
    def _only_compared(self) -> dict[ValueName, None]:
        """Return the values that nobody but one and the same Extremum, tied to them, reads."""
        nodes = [each for each in self.graph.nodes if isinstance(each.op, Extremum)]
        if not nodes or not self.joining:
            return {}
        moved = Ties(self.graph, joining=False)
        readers = moved.readers()
        roots = {
            moved.root(value)
            for node in nodes
            for value in node.inputs
            if self.root(value) == self.root(node.outputs[0])
            and moved.root(value) != moved.root(node.outputs[0])
            and readers[moved.root(value)] == {node.name}
        }
        activations = [v for v in self.graph.types if self._is_activation(v)]
        return {v: None for v in activations if moved.root(v) in roots}

    def _fix_door(self, value: ValueName) -> None:
        door = self.graph.doors.get(value)
        if door is None or door.dtype.bytes > 1:
            return
        self._fixed[value] = signed_form(door.of_shape(())).quantization
        self._bytes.add(value)

    def _fix(self, node: Node) -> None:
        assert isinstance(node.op, Operator)  # noqa: S101 - the caller has looked
        assert node.op.fixed_output is not None  # noqa: S101 - goes with OutputRule.FIXED
        for value in node.outputs:
            self._fixed[value] = QParams.per_tensor(*node.op.fixed_output)

    def _tie(self, node: Node) -> None:
        if not self.joining and joins(self.graph, node):
            return
        inputs = [i for i, value in enumerate(node.inputs) if self._is_activation(value)]
        groups = {self.fixed(node.inputs[index]) for index in inputs}
        alike = isinstance(node.op, Alike) and len(groups - {None}) <= 1
        alone = alike or len(inputs) == 1 or (len(groups) == 1 and None not in groups)
        for index in inputs:
            if alone or self._may_join(node.inputs[index], node.outputs[0]):
                self._unite(node.inputs[index], node.outputs[0])
            else:
                self.requantized.add((node.name, index))
        for value in node.outputs[1:]:
            self._unite(node.outputs[0], value)
        if len(inputs) > 1 and not alike:
            self._joined.add(self.root(node.outputs[0]))

    def _tie_states(self, node: Node) -> None:
        """Tie the states of a recurrent layer from step to step, and to what it makes of them."""
        for tied in node.op.tied_states if isinstance(node.op, Operator) else ():
            values = [node.outputs[index] for index in tied.outputs if index < len(node.outputs)]
            first = [node.inputs[index] for index in tied.inputs] if self.joining else []
            values += [value for value in first if self._may_be_state(value)]
            for value in values[1:]:
                self._unite(values[0], value)
            if tied.power_of_two:
                self._powers.add(values[0])

    def _may_be_state(self, value: ValueName) -> bool:
        """Tell whether a value is an input of the model, maybe moved, or marked on the way here.

        Others are converted.
        """
        if not self._is_activation(value):
            return False
        maker = self._makers.get(value)
        return self.root(value) in self.graph.inputs or bool(
            maker and isinstance(maker.op, OwnRange)
        )

    def _may_join(self, value: ValueName, result: ValueName) -> bool:
        root = self.root(value)
        return root == self.root(result) or (root not in self._fixed and root not in self._joined)

    def _unite(self, one: ValueName, other: ValueName) -> None:
        first, second = self.root(one), self.root(other)
        if first == second:
            return
        self._parent[second] = first
        if second in self._fixed:
            self._fixed[first] = self._fixed.pop(second)
        if second in self._joined:
            self._joined.add(first)

    def _is_activation(self, value: ValueName) -> bool:
        return value not in self.graph.constants and is_float(self.graph.types[value])

    def _tied_constants(self, node: Node) -> list[tuple[ValueName, ValueName]]:
        """Return the constants that share the quantization of an output, and that output."""
        rule = node.op.output_rule if isinstance(node.op, Operator) else None
        if rule is not OutputRule.SAME_AS_INPUT or not self.joining:
            return []
        constants, output = self.graph.constants, node.outputs[0]
        return [
            (v, output) for v in node.inputs if v in constants and is_float(self.graph.types[v])
        ]

    def _first_states(self, node: Node) -> list[tuple[ValueName, ValueName]]:
        """Return what a recurrent layer begins with, and what it makes of that."""
        return [
            (node.inputs[index], node.outputs[tied.outputs[0]])
            for tied in (node.op.tied_states if isinstance(node.op, Operator) else ())
            for index in tied.inputs
            if is_float(self.graph.types[node.inputs[index]])
        ]


def _has_states(node: Node) -> bool:
    return isinstance(node.op, Operator) and bool(node.op.tied_states)
