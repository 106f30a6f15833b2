"""Turns every part of a graph that maps one element to one element into one operator."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Graph, Node, ValueName
from edgec.ops import registry
from edgec.ops.conversion.fake_quantize import FakeQuantize
from edgec.ops.functions.composite import Composite, Operand, Part
from edgec.ops.functions.unary import Unary, recognized
from edgec.ops.operator import Operator, is_float
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite

_GRID = np.concatenate([np.linspace(-12, 12, 2401), np.linspace(-1, 1, 201)]).astype(np.float32)
_TOLERANCE = 2e-6


@dataclass(frozen=True, slots=True)
class ComposeFunctions:
    """x * sigmoid(x), Gelu by way of erf, (x - 0.5) * 2 ...: one table in int8, one rounding.

    Operators are joined where all that enters is one tensor and single numbers, and nothing else
    reads what is in between. A function that is known by name gets its name back, whatever it was
    made of.
    """

    name: ClassVar[str] = "compose_functions"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _compose)


def _compose(node: Node, around: Neighborhood) -> Replacement | None:
    if not _is_pointwise(node, around):
        return None
    nodes = _region(node, around)
    if not nodes:
        return None
    (source,) = _entering(nodes, around)
    draft = Draft(around, nodes)
    op = _named(_composite(nodes, source, around))
    draft.add(op, [source], name=node.name, output=node.outputs[0])
    return draft.replacement()


def _region(last: Node, around: Neighborhood) -> list[Node]:
    """Return the most nodes that end in ``last`` and that one tensor enters; nothing for one node.

    Only the producer of the latest value that enters can make them fewer, so it is taken in first.
    A lone node counts where it reads the tensor twice (x * x).
    """
    nodes, largest = [last], [last]
    while True:
        entering = _entering(nodes, around)
        if len(entering) == 1:
            largest = nodes
        producer = around.latest(entering)
        if producer is None or not _can_join(producer, nodes, around):
            break
        nodes = [producer, *nodes]
    reads = [value for value in largest[0].inputs if around.constant(value) is None]
    return largest if len(largest) > 1 or (len(reads) > 1 and len(set(reads)) == 1) else []


def _entering(nodes: list[Node], around: Neighborhood) -> set[ValueName]:
    made = {value for node in nodes for value in node.outputs}
    read = {value for node in nodes for value in node.inputs if around.constant(value) is None}
    return read - made


def _can_join(node: Node, nodes: list[Node], around: Neighborhood) -> bool:
    """Tell whether a node is pointwise and nothing outside needs its result."""
    private = all(reader in nodes for reader in around.readers(node.outputs[0]))
    is_output = node.outputs[0] in around.graph.outputs
    return private and not is_output and _is_pointwise(node, around)


def _composite(nodes: list[Node], source: ValueName, around: Neighborhood) -> Composite:
    numbers = {source: 0}
    parts: list[Part] = []
    for node in nodes:
        operands = tuple(_operand(value, numbers, around) for value in node.inputs)
        parts += _parts(node, operands, len(parts))
        numbers[node.outputs[0]] = len(parts)
    return Composite(parts=tuple(parts))


def _operand(value: ValueName, numbers: dict[ValueName, int], around: Neighborhood) -> Operand:
    array = around.constant(value)
    return numbers[value] if array is None else float(array.item())


def _parts(node: Node, operands: tuple[Operand, ...], before: int) -> list[Part]:
    """Return a node as parts that follow ``before`` others; a composite is taken apart."""
    assert isinstance(node.op, Operator)  # noqa: S101 - _is_pointwise has looked
    if not isinstance(node.op, Composite):
        return [Part(node.op, operands)]
    (x,) = operands

    def moved(each: Operand) -> Operand:
        if not isinstance(each, int):
            return each
        return x if each == 0 else each + before

    return [Part(part.op, tuple(map(moved, part.operands))) for part in node.op.parts]


def _is_pointwise(node: Node, around: Neighborhood) -> bool:
    """Tell whether a node's float result follows from the elements of one shape at each place."""
    op, result = node.op, around.type(node.outputs[0])
    if isinstance(op, FakeQuantize):  # says how its value is quantized
        return False
    if not isinstance(op, Operator) or not op.pointwise or not is_float(result):
        return False
    arrays = [around.constant(value) for value in node.inputs]
    shapes = {around.type(v).shape for v, a in zip(node.inputs, arrays, strict=True) if a is None}
    numbers = all(array.size == 1 for array in arrays if array is not None)
    return shapes == {result.shape} and numbers


def _named(composite: Composite) -> Unary:
    """Return the operator with a name of its own that does the same; the composite if none does."""
    registry.load_all()
    wanted = composite.of_floats(_GRID)
    for op in recognized():
        known = Composite(parts=(Part(op, (0,)),)).of_floats(_GRID)
        if np.allclose(wanted, known, rtol=_TOLERANCE, atol=_TOLERANCE):
            return op
    return composite
