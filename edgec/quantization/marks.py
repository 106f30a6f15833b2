"""Which quantization each value of a graph has to have, where the source file states some.

FakeQuantize nodes are taken out of the graph; what they say is spread to the values around them:
operators that only move data, and clamps, have the same integers on both sides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from edgec.ir import Graph, Node, QParams, ValueName
from edgec.ops.average_pool2d import AveragePool2D
from edgec.ops.base import Operator, OutputRule, is_float
from edgec.ops.clip import Clip
from edgec.ops.fake_quantize import FakeQuantize
from edgec.ops.relu import Relu
from edgec.ops.resize_bilinear import ResizeBilinear
from edgec.passes.rewrite import Neighborhood, Replacement, rewrite
from edgec.quantization.observers import Range
from edgec.quantization.parameters import HIGHEST, LOWEST, activation_qparams

_AVERAGES = (AveragePool2D, ResizeBilinear)  # results may lie in a narrower range than the inputs


@dataclass(frozen=True, slots=True)
class Marked:
    """A float graph and the int8 quantization of its activations, as far as it is known.

    FakeQuantize nodes that are left change a quantization into another.
    """

    graph: Graph
    marks: dict[ValueName, QParams]

    def missing(self) -> list[Node]:
        """Return the nodes that make a float value nothing is known about."""
        return [node for node in self.graph.nodes if any(self._unknown(v) for v in node.outputs)]

    def unmarked_inputs(self) -> list[ValueName]:
        return [value for value in self.graph.inputs if self._unknown(value)]

    def _unknown(self, value: ValueName) -> bool:
        return is_float(self.graph.types[value]) and value not in self.marks


def is_marked(graph: Graph) -> bool:
    """Tell whether a graph comes from a file that states how it is quantized."""
    return any(isinstance(node.op, FakeQuantize) for node in graph.nodes)


def read_marks(graph: Graph) -> Marked:
    """Return a graph without its FakeQuantize nodes, and what they said."""
    collected = _Marks()
    graph = rewrite(graph, collected.absorb)
    for node in graph.nodes:
        if isinstance(node.op, FakeQuantize):
            collected.marks[node.outputs[0]] = node.op.qparams
    spread = _Spread(graph, collected.marks)
    spread.run()
    return Marked(graph, spread.marks)


def limits(q: QParams) -> tuple[float, float]:
    """Return the least and the largest real value that int8 holds."""
    return q.scale * (LOWEST - q.zero_point), q.scale * (HIGHEST - q.zero_point)


@dataclass(eq=False)
class _Marks:
    marks: dict[ValueName, QParams] = field(default_factory=dict)

    def absorb(self, node: Node, around: Neighborhood) -> Replacement | None:
        """Take a FakeQuantize out, unless its source has another quantization already."""
        if not isinstance(node.op, FakeQuantize):
            return None
        (source,), (result,) = node.inputs, node.outputs
        graph, q = around.graph, node.op.qparams
        both_named = {source, result} <= {*graph.inputs, *graph.outputs}
        if both_named or self.marks.get(source, q) != q or around.constant(source) is not None:
            return None
        self.marks[source] = self.marks[result] = q
        return Replacement(same_as={result: source})


@dataclass(eq=False)
class _Spread:
    graph: Graph
    marks: dict[ValueName, QParams]

    def run(self) -> None:
        """Pass marks on until nothing changes: back to producers first, whose range they cut."""
        while self._pass(self._back) or self._pass(self._forward):
            pass

    def _pass(self, rule: Callable[[Node], Iterator[tuple[ValueName, QParams]]]) -> bool:
        before = len(self.marks)
        for node in self.graph.nodes:
            for value, q in rule(node):
                if value not in self.graph.constants and is_float(self.graph.types[value]):
                    self.marks.setdefault(value, q)
        return len(self.marks) > before

    def _back(self, node: Node) -> Iterator[tuple[ValueName, QParams]]:
        q = self.marks.get(node.outputs[0])
        if q is not None and _keeps_integers(node) and not isinstance(node.op, _AVERAGES):
            yield from ((value, q) for value in node.inputs if value not in self.graph.inputs)

    def _forward(self, node: Node) -> Iterator[tuple[ValueName, QParams]]:
        op = node.op
        if isinstance(op, Operator) and op.fixed_output is not None:
            yield from ((value, QParams.per_tensor(*op.fixed_output)) for value in node.outputs)
        elif _keeps_integers(node):
            q = self._common(node)
            if q is not None:
                yield from ((value, q) for value in node.outputs)

    def _common(self, node: Node) -> QParams | None:
        """Return what holds all inputs; None where one is not known yet."""
        data = [v for v in node.inputs if v not in self.graph.constants]
        known = {self.marks.get(v) for v in data if is_float(self.graph.types[v])}
        if None in known or not known:
            return None
        some = [q for q in known if q is not None]
        return some[0] if len(some) == 1 else activation_qparams(_union(some))


def _union(marks: list[QParams]) -> Range:
    lows, highs = zip(*map(limits, marks), strict=True)
    return Range(min(lows), max(highs))


def _keeps_integers(node: Node) -> bool:
    op = node.op
    same = isinstance(op, Operator) and op.output_rule is OutputRule.SAME_AS_INPUT
    return same or isinstance(op, (Relu, Clip))
