"""What is asked of backends: one node of a graph, on a target."""

from dataclasses import dataclass

from edgec.ir import Graph, Node, Op, Signature
from edgec.targets.cpu import CpuCore
from edgec.targets.target import Target


@dataclass(frozen=True, slots=True)
class Request:
    """A node to run, and all that a kernel may look at to say whether and how."""

    node: Node
    op: Op
    signature: Signature
    graph: Graph
    target: Target

    @classmethod
    def of(cls, node: Node, graph: Graph, target: Target) -> "Request":
        return cls(node, node.op, graph.signature(node), graph, target)

    @property
    def cpu(self) -> CpuCore:
        return self.target.core

    def is_constant(self, index: int) -> bool:
        return index < len(self.node.inputs) and self.node.inputs[index] in self.graph.constants
