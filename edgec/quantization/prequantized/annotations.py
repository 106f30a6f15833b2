"""Which quantization each value of a graph has to have, where the source file states some.

FakeQuantize nodes are taken out of the graph; what they say is spread to the values around them:
operators that only move data, and clamps, have the same integers on both sides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from edgec.ir import DType, Graph, Node, QParams, ValueName
from edgec.ops.activations.clip import Clip
from edgec.ops.activations.relu import Relu
from edgec.ops.base import Operator, OutputRule, is_float
from edgec.ops.conversion.fake_quantize import FakeQuantize, Mark
from edgec.ops.movement.resize_bilinear import ResizeBilinear
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.passes.rewrite import Neighborhood, Replacement, rewrite
from edgec.quantization.ranges.observers import Range
from edgec.quantization.ranges.parameters import activation_qparams

_FINER = 128  # steps of int16 in one of int8: a power of two, and 255 of them fit
_AVERAGES = (AveragePool2D, ResizeBilinear)  # results may lie in a narrower range than the inputs


@dataclass(frozen=True, slots=True)
class Marked:
    """A float graph and the integers that its activations become, as far as they are known.

    FakeQuantize nodes that are left change a quantization into another.
    """

    graph: Graph
    marks: dict[ValueName, Mark]

    def missing(self) -> list[Node]:
        """Return the nodes that make a float value nothing is known about."""
        return [node for node in self.graph.nodes if any(self._unknown(v) for v in node.outputs)]

    def unmarked_inputs(self) -> list[ValueName]:
        return [value for value in self.graph.inputs if self._unknown(value)]

    def width(self, node: Node) -> DType:
        """Return the type that a node computes in: int16 where it can and any end of it is."""
        ends = [self.marks[v] for v in (*node.inputs, *node.outputs) if v in self.marks]
        wide = any(mark.dtype is DType.INT16 for mark in ends)
        can = isinstance(node.op, Operator) and node.op.computes(DType.INT16)
        return DType.INT16 if wide and can else DType.INT8

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
            collected.marks[node.outputs[0]] = node.op.mark
    spread = _Spread(graph, collected.marks)
    spread.run()
    return Marked(graph, spread.marks)


def in_width(mark: Mark, dtype: DType) -> Mark:
    """Return integers of another width for the same numbers: exactly the same in int16."""
    if mark.dtype is dtype:
        return mark
    if dtype is DType.INT16:
        return Mark(QParams.per_tensor(mark.scale / _FINER), dtype)
    return Mark(activation_qparams(Range(*mark.limits)), dtype)


@dataclass(eq=False)
class _Marks:
    marks: dict[ValueName, Mark] = field(default_factory=dict)

    def absorb(self, node: Node, around: Neighborhood) -> Replacement | None:
        """Take a FakeQuantize out, unless its source has another quantization already."""
        if not isinstance(node.op, FakeQuantize):
            return None
        (source,), (result,) = node.inputs, node.outputs
        graph, mark = around.graph, node.op.mark
        both_named = {source, result} <= {*graph.inputs, *graph.outputs}
        if (
            both_named
            or self.marks.get(source, mark) != mark
            or around.constant(source) is not None
        ):
            return None
        self.marks[source] = self.marks[result] = mark
        return Replacement(same_as={result: source})


@dataclass(eq=False)
class _Spread:
    graph: Graph
    marks: dict[ValueName, Mark]

    def run(self) -> None:
        """Pass marks on until nothing changes: back to producers first, whose range they cut."""
        while self._pass(self._back) or self._pass(self._forward):
            pass

    def _pass(self, rule: Callable[[Node], Iterator[tuple[ValueName, Mark]]]) -> bool:
        before = len(self.marks)
        for node in self.graph.nodes:
            for value, mark in rule(node):
                if value not in self.graph.constants and is_float(self.graph.types[value]):
                    self.marks.setdefault(value, mark)
        return len(self.marks) > before

    def _back(self, node: Node) -> Iterator[tuple[ValueName, Mark]]:
        mark = self.marks.get(node.outputs[0])
        if mark is not None and _keeps_integers(node) and not isinstance(node.op, _AVERAGES):
            yield from ((value, mark) for value in node.inputs if value not in self.graph.inputs)

    def _forward(self, node: Node) -> Iterator[tuple[ValueName, Mark]]:
        op, known = node.op, self._known(node)
        if not isinstance(op, Operator) or not known:
            return
        if op.fixed_output is not None:
            yield from ((value, _prescribed(op, known)) for value in node.outputs)
        elif _keeps_integers(node):
            yield from ((value, _common(known)) for value in node.outputs)

    def _known(self, node: Node) -> list[Mark]:
        """Return the marks of all inputs; none where one is not known yet."""
        data = [v for v in node.inputs if v not in self.graph.constants]
        data = [v for v in data if is_float(self.graph.types[v])]
        return [self.marks[v] for v in data] if self.marks.keys() >= set(data) else []


def _prescribed(op: Operator, inputs: list[Mark]) -> Mark:
    """Return the mark that an operator gives to its output whatever the input's."""
    dtype = inputs[0].dtype if op.computes(inputs[0].dtype) else DType.INT8
    q = op.prescribed(dtype)
    if q is None:
        message = f"{op.name} prescribes nothing"
        raise ValueError(message)
    return Mark(q, dtype)


def _common(marks: list[Mark]) -> Mark:
    """Return integers that hold what all of these hold."""
    if len(set(marks)) == 1:
        return marks[0]
    lows, highs = zip(*(mark.limits for mark in marks), strict=True)
    wide = any(mark.dtype is DType.INT16 for mark in marks)
    dtype = DType.INT16 if wide else DType.INT8
    return Mark(activation_qparams(Range(min(lows), max(highs)), 0.0, dtype), dtype)


def _keeps_integers(node: Node) -> bool:
    op = node.op
    same = isinstance(op, Operator) and op.output_rule is OutputRule.SAME_AS_INPUT
    return same or isinstance(op, (Relu, Clip))
