"""Which values share one quantization: a union-find over the values of a float graph.

Operators that only move data tie their output to their input. An operator with several inputs
(concatenation) ties them all, but for those it cannot: values with a quantization prescribed by
TFLite, and values that another such operator has tied already. These are requantized on their way.
Values that are marked as alike are tied whatever else they are tied to; so are the states of
recurrent layers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgec.ir import Graph, Node, QParams, ValueName
from edgec.ops.conversion.alike import Alike
from edgec.ops.operator import Operator, OutputRule, is_float
from edgec.quantization.ranges.observers import Range


@dataclass(eq=False)
class Ties:
    """``requantized`` holds the edges (node name, input index) that need a node in between."""

    graph: Graph
    requantized: set[tuple[str, int]] = field(default_factory=set)
    _parent: dict[ValueName, ValueName] = field(default_factory=dict)
    _fixed: dict[ValueName, QParams] = field(default_factory=dict)
    _joined: set[ValueName] = field(default_factory=set)  # roots that a concatenation has tied
    _powers: set[ValueName] = field(default_factory=set)  # values with a power of two as scale

    def __post_init__(self) -> None:
        for node in self.graph.nodes:
            rule = node.op.output_rule if isinstance(node.op, Operator) else None
            if rule is OutputRule.FIXED:
                self._fix(node)
            elif rule is OutputRule.SAME_AS_INPUT:
                self._tie(node)
            self._tie_states(node)
        self._powers = {self.root(value) for value in self._powers}

    def root(self, value: ValueName) -> ValueName:
        """Return the value that stands for all that share its quantization."""
        while value in self._parent:
            value = self._parent[value]
        return value

    def fixed(self, value: ValueName) -> QParams | None:
        """Return the quantization that TFLite prescribes for a value's group."""
        return self._fixed.get(self.root(value))

    def is_power_of_two(self, value: ValueName) -> bool:
        """Tell whether a value is int16 with a power of two as its scale, whatever is asked for."""
        return self.root(value) in self._powers

    def ranges(self, ranges: Mapping[ValueName, Range]) -> dict[ValueName, Range]:
        """Return the range of each group, by root: the union over its values and constants."""
        result: dict[ValueName, Range] = {}
        for value, seen in ranges.items():
            root = self.root(value)
            result[root] = result[root].union(seen) if root in result else seen
        for node in self.graph.nodes:
            for value, output in (*self._tied_constants(node), *self._first_states(node)):
                array, root = self.graph.constants.get(value), self.root(output)
                seen = ranges[value] if array is None else Range.of(array)
                result[root] = result[root].union(seen)
        return result

    def _fix(self, node: Node) -> None:
        assert isinstance(node.op, Operator)  # noqa: S101 - the caller has looked
        assert node.op.fixed_output is not None  # noqa: S101 - goes with OutputRule.FIXED
        for value in node.outputs:
            self._fixed[value] = QParams.per_tensor(*node.op.fixed_output)

    def _tie(self, node: Node) -> None:
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
            values += [v for v in (node.inputs[i] for i in tied.inputs) if self._may_be_state(v)]
            for value in values[1:]:
                self._unite(values[0], value)
            if tied.power_of_two:
                self._powers.add(values[0])

    def _may_be_state(self, value: ValueName) -> bool:
        """Tell whether a value is an input of the model, maybe moved; others are converted."""
        return self._is_activation(value) and self.root(value) in self.graph.inputs

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
        if rule is not OutputRule.SAME_AS_INPUT:
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
