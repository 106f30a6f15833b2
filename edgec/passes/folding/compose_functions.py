"""Turns every part of a graph that maps one element to one element into one operator."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops import registry
from edgec.ops.conversion.fake_quantize import FakeQuantize
from edgec.ops.functions.composite import Composite, Operand, Part
from edgec.ops.functions.unary import Unary, recognized
from edgec.ops.operator import Operator, is_float
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite

_GRID = np.concatenate([np.linspace(-12, 12, 2401), np.linspace(-1, 1, 201)]).astype(np.float32)
# Chosen by hand: some float32 roundings (6e-8 each), far below a step of int16 (3e-5 of the
# range).
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
        return rewrite(graph, _Composer().compose)


class _Composer:
    """Makes the functions of one graph; one that takes another in goes on with its results."""

    def __init__(self) -> None:
        self._results: dict[ValueName, tuple[Composite, list[Array]]] = {}

    def compose(self, node: Node, around: Neighborhood) -> Replacement | None:
        if not _is_pointwise(node, around):
            return None
        nodes = _region(node, around)
        if not nodes:
            return None
        (source,) = _entering(nodes, around)
        draft = Draft(around, nodes)
        composite = _composite(nodes, source, around)
        results = composite.results(self._known(nodes[0]))
        op = _named(results[-1]) or composite
        self._results[node.outputs[0]] = composite, results
        draft.add(op, [source], name=node.name, output=node.outputs[0])
        return draft.replacement()

    def _known(self, first: Node) -> list[Array]:
        """Return what the grid becomes in the first of some nodes, if that was made here."""
        op, results = self._results.pop(first.outputs[0], (None, []))
        return results if op is first.op else [_GRID]


_MOST = 32  # tensors that enter: of so many no function of one comes out again


def _region(last: Node, around: Neighborhood) -> list[Node]:
    """Return the most nodes that end in ``last`` and that one tensor enters; nothing for one node.

    Only the producer of the latest value that enters can make them fewer, so it is taken in first.
    A lone node counts where it reads the tensor twice (x * x).
    """
    nodes, largest, entering = [last], [last], _read(last, around)
    while True:
        if len(entering) == 1 and all(is_float(around.type(value)) for value in entering):
            largest = nodes
        producer = around.latest(entering)
        if producer is None or len(entering) > _MOST or not _can_join(producer, nodes, around):
            break
        nodes = [producer, *nodes]
        entering = (entering - {*producer.outputs}) | _read(producer, around)
    reads = [value for value in largest[0].inputs if around.constant(value) is None]
    if not all(is_float(around.type(value)) for value in reads):
        return []
    return largest if len(largest) > 1 or (len(reads) > 1 and len(set(reads)) == 1) else []


def _entering(nodes: list[Node], around: Neighborhood) -> set[ValueName]:
    made = {value for node in nodes for value in node.outputs}
    return {value for node in nodes for value in _read(node, around)} - made


def _read(node: Node, around: Neighborhood) -> set[ValueName]:
    return {value for value in node.inputs if around.constant(value) is None}


def _can_join(node: Node, nodes: list[Node], around: Neighborhood) -> bool:
    """Tell whether a node is pointwise and nothing outside needs its result."""
    return around.reads_only(node.outputs[0], nodes) and _is_pointwise(node, around, inside=True)


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
    if not before and x == 0:
        return list(node.op.parts)

    def moved(each: Operand) -> Operand:
        if not isinstance(each, int):
            return each
        return x if each == 0 else each + before

    return [Part(part.op, tuple(map(moved, part.operands))) for part in node.op.parts]


def _is_pointwise(node: Node, around: Neighborhood, *, inside: bool = False) -> bool:
    """Tell whether a node's result follows from the elements of one shape at each place.

    It is a float; ``inside`` of a function it may decide, or count, too.
    """
    op, result = node.op, around.type(node.outputs[0])
    if isinstance(op, FakeQuantize):  # says how its value is quantized
        return False
    if not isinstance(op, Operator) or not op.pointwise:
        return False
    if not is_float(result) and not inside:
        return False
    arrays = [around.constant(value) for value in node.inputs]
    shapes = {around.type(v).shape for v, a in zip(node.inputs, arrays, strict=True) if a is None}
    numbers = all(array.size == 1 for array in arrays if array is not None)
    return shapes == {result.shape} and numbers


def _named(wanted: Array) -> Unary | None:
    """Return the operator with a name of its own that makes this of the grid; None if none does."""
    registry.load_all()
    for op in recognized():
        if np.allclose(wanted, _on_grid(op), rtol=_TOLERANCE, atol=_TOLERANCE):
            return op
    return None


@cache
def _on_grid(op: Unary) -> Array:
    return Composite(parts=(Part(op, (0,)),)).of_floats(_GRID)
