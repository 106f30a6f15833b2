"""Graphs that need no quantization: all of their operators take floats as they are."""

from edgec.errors import EdgecError, Place
from edgec.ir import Graph, Node
from edgec.ops.operator import Operator


def is_settled(graph: Graph) -> bool:
    """Tell whether nothing of a float graph has to be quantized, as in trees and neighbours.

    Raises ``unsupported-operator`` where such an operator stands in a graph with others: it would
    be given integers.
    """
    takers = [node for node in graph.nodes if _takes_floats(node)]
    others = [node for node in graph.nodes if node not in takers and not _is_view(node)]
    if not takers:
        return False
    if not others:
        return True
    taker, other = takers[0], others[0]
    raise EdgecError(
        "unsupported-operator",
        f"{taker.op} takes floats as they are; {other.op} (node {other.name!r}) would be quantized",
        place=Place(inside=f"node {taker.name!r}"),
        help="give the network and the other model as two files, or leave that operator out: of "
        "trees only standardizations (Scaler, Sub, Add, Mul by constants) can be a part",
    )


def _takes_floats(node: Node) -> bool:
    return isinstance(node.op, Operator) and node.op.takes_floats


def _is_view(node: Node) -> bool:
    return isinstance(node.op, Operator) and node.op.is_view
