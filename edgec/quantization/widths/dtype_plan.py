"""What each value of a graph is computed in: int16 where asked for and known, int8 elsewhere.

Values that share one quantization share one width, too:
:class:`~edgec.quantization.ranges.shared_ranges.Ties`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from edgec.ir import DType, Graph, Node, ValueName
from edgec.ops.operator import Operator, is_float
from edgec.quantization.ranges.shared_ranges import Ties


@dataclass(eq=False)
class DTypePlan:
    """The element type of every float value once it is quantized.

    ``activations`` is the type asked for; ``int8_values`` and what shares their quantization are
    int8 all the same.
    """

    graph: Graph
    ties: Ties
    activations: DType = DType.INT8
    int8_values: Collection[ValueName] = ()
    _narrow: set[ValueName] = field(default_factory=set)  # roots of groups that stay int8

    def __post_init__(self) -> None:
        self._narrow.update(self.ties.root(value) for value in self.int8_values)
        for node in self.graph.nodes:
            if not (isinstance(node.op, Operator) and node.op.computes(self.activations)):
                self._narrow.update(self.ties.root(value) for value in node.outputs)

    def of(self, value: ValueName) -> DType:
        """Return the type of a value that is float now."""
        if self.ties.is_power_of_two(value):
            return DType.INT16
        return DType.INT8 if self.ties.root(value) in self._narrow else self.activations

    def of_node(self, node: Node) -> DType:
        """Return the type a node computes in: that of its output where this is quantized.

        What reads activations and makes other numbers, as indices, computes in its input's type
        where it can.
        """
        result = node.outputs[0]
        if is_float(self.graph.types[result]) or self.of(result) is DType.INT8:
            return self.of(result)
        read = [v for v in node.inputs if v not in self.graph.constants]
        return self.of(read[0]) if read else self.activations
