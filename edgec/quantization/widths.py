"""Which activations are int16: all that are asked for, but where an operator knows int8 only.

Values that share one quantization (:class:`~edgec.quantization.ties.Ties`) share one width.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from edgec.ir import DType, Graph, Node, ValueName
from edgec.ops.base import Operator, is_float
from edgec.quantization.ties import Ties


@dataclass(eq=False)
class Widths:
    """The element type of every float value once it is quantized.

    ``activations`` is the type asked for; the nodes named in ``int8_nodes`` compute in int8 all the
    same.
    """

    graph: Graph
    ties: Ties
    activations: DType = DType.INT8
    int8_nodes: Collection[str] = ()
    _narrow: set[ValueName] = field(default_factory=set)  # roots of groups that stay int8

    def __post_init__(self) -> None:
        for node in self.graph.nodes:
            if not self._is_wide(node):
                self._narrow.update(self.ties.root(value) for value in node.outputs)

    def of(self, value: ValueName) -> DType:
        """Return the type of a value that is float now."""
        return DType.INT8 if self.ties.root(value) in self._narrow else self.activations

    def of_node(self, node: Node) -> DType:
        """Return the type a node computes in: that of its output where this is quantized."""
        result = node.outputs[0]
        if is_float(self.graph.types[result]):
            return self.of(result)
        return self.activations if self._is_wide(node) else DType.INT8

    def _is_wide(self, node: Node) -> bool:
        op = node.op
        known = isinstance(op, Operator) and op.computes(self.activations)
        return known and node.name not in self.int8_nodes
