"""Which values of a float graph look the same to calibration, so that one summary stands for all.

What an operator only moves has the elements of what it moves, or some of them, and their scale.
Values that are marked as the same quantity at different times
(:class:`~edgec.ops.conversion.alike.Alike`) get one scale, for which all that any of them ever
holds counts: they are summarized together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgec.ir import Graph, ValueName
from edgec.ops.conversion.alike import Alike
from edgec.ops.operator import Operator, is_float
from edgec.quantization.ranges.observers import Summary
from edgec.quantization.samples.batch_evaluator import Values


@dataclass(eq=False)
class Looks:
    """The float values of a graph that are no constants, in groups that look the same."""

    graph: Graph
    sources: dict[ValueName, list[ValueName]] = field(default_factory=dict)
    """By the name of each group: the values whose elements are all that any of it ever holds."""
    _parent: dict[ValueName, ValueName] = field(default_factory=dict)
    _values: list[ValueName] = field(default_factory=list)

    def __post_init__(self) -> None:
        constants = self.graph.constants
        copies = set()
        for node in self.graph.nodes:
            same = isinstance(node.op, Alike) or (
                isinstance(node.op, Operator) and node.op.moves_only
            )
            sources = [value for value in node.inputs if value not in constants] if same else []
            if not sources:
                continue
            copies.add(node.outputs[0])
            for value in sources:
                self._unite(value, node.outputs[0])
        self._values = [
            value
            for value, kind in self.graph.types.items()
            if is_float(kind) and value not in constants
        ]
        for value in self._values:
            if value not in copies:
                self.sources.setdefault(self.group(value), []).append(value)

    def group(self, value: ValueName) -> ValueName:
        """Return the value that stands for all that look the same."""
        while value in self._parent:
            value = self._parent[value]
        return value

    def summaries(self, values: Values) -> dict[ValueName, Summary]:
        """Return the summary of each group, by its name."""
        return {
            name: Summary.together([Summary.of(values[each]) for each in sources])
            for name, sources in self.sources.items()
        }

    def spread(self, summaries: Mapping[ValueName, Summary]) -> dict[ValueName, Summary]:
        """Return the summary of each value; those of a group share one."""
        return {value: summaries[self.group(value)] for value in self._values}

    def _unite(self, one: ValueName, other: ValueName) -> None:
        first, second = self.group(one), self.group(other)
        if first != second:
            self._parent[second] = first
