"""Which quantization each value of a graph has to have, where the source file states some.

FakeQuantize nodes are taken out of the graph; what they say is spread to the values around them:
operators that only move data, and clamps, have the same integers on both sides.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import DType, Graph, Node, QParams, ValueName
from edgec.ops.conversion.fake_quantize import Annotation, FakeQuantize
from edgec.ops.elementwise.mul import Mul
from edgec.ops.operator import Activation, Operator, OutputRule, is_float
from edgec.passes.rewrite import Neighborhood, Replacement, rewrite
from edgec.quantization.ranges.observers import Range
from edgec.quantization.ranges.parameters import activation_qparams

_FINER = 128  # steps of int16 in one of int8: a power of two, and 255 of them fit


@dataclass(frozen=True, slots=True)
class Annotated:
    """A float graph and the integers that its activations become, as far as they are known.

    FakeQuantize nodes that are left change a quantization into another.
    """

    graph: Graph
    annotations: dict[ValueName, Annotation]

    def missing(self) -> list[Node]:
        """Return the nodes that make a float value nothing is known about."""
        return [node for node in self.graph.nodes if any(self._unknown(v) for v in node.outputs)]

    def inputs_left_open(self) -> list[ValueName]:
        return [value for value in self.graph.inputs if self._unknown(value)]

    def width(self, node: Node) -> DType:
        """Return the type that a node computes in: int16 where it can and any end of it is."""
        ends = [self.annotations[v] for v in (*node.inputs, *node.outputs) if v in self.annotations]
        wide = any(annotation.dtype is DType.INT16 for annotation in ends)
        can = isinstance(node.op, Operator) and node.op.computes(DType.INT16)
        return DType.INT16 if wide and can else DType.INT8

    def _unknown(self, value: ValueName) -> bool:
        return is_float(self.graph.types[value]) and value not in self.annotations


def is_annotated(graph: Graph) -> bool:
    """Tell whether a graph comes from a file that states how it is quantized."""
    return any(isinstance(node.op, FakeQuantize) for node in graph.nodes)


def read_annotations(graph: Graph) -> Annotated:
    """Return a graph without its FakeQuantize nodes, and what they said."""
    collected = _Marks()
    graph = rewrite(graph, collected.absorb)
    for node in graph.nodes:
        if isinstance(node.op, FakeQuantize):
            collected.annotations[node.outputs[0]] = node.op.annotation
    spread = _Spread(graph, collected.annotations)
    spread.run()
    return Annotated(graph, spread.annotations)


def in_width(annotation: Annotation, dtype: DType) -> Annotation:
    """Return integers of another width for the same numbers: exactly the same in int16."""
    if annotation.dtype is dtype:
        return annotation
    if dtype is DType.INT16:
        return Annotation(QParams.per_tensor(annotation.scale / _FINER), dtype)
    return Annotation(activation_qparams(Range(*annotation.limits)), dtype)


@dataclass(eq=False)
class _Marks:
    annotations: dict[ValueName, Annotation] = field(default_factory=dict)

    def absorb(self, node: Node, around: Neighborhood) -> Replacement | None:
        """Take a FakeQuantize out, unless its source has another quantization already."""
        if not isinstance(node.op, FakeQuantize):
            return None
        (source,), (result,) = node.inputs, node.outputs
        annotation = node.op.annotation
        if (
            all(map(around.is_at_the_door, (source, result)))
            or self.annotations.get(source, annotation) != annotation
            or around.constant(source) is not None
        ):
            return None
        self.annotations[source] = self.annotations[result] = annotation
        return Replacement(same_as={result: source})


@dataclass(eq=False)
class _Spread:
    graph: Graph
    annotations: dict[ValueName, Annotation]

    def run(self) -> None:
        """Pass annotations on until nothing changes: to producers first, whose range they cut."""
        while self._pass(self._back) or self._pass(self._forward):
            pass

    def _pass(self, rule: Callable[[Node], Iterator[tuple[ValueName, Annotation]]]) -> bool:
        before = len(self.annotations)
        for node in self.graph.nodes:
            for value, annotation in rule(node):
                if value not in self.graph.constants and is_float(self.graph.types[value]):
                    self.annotations.setdefault(value, annotation)
        return len(self.annotations) > before

    def _back(self, node: Node) -> Iterator[tuple[ValueName, Annotation]]:
        """Results that are averages may lie in a narrower range than what they are made of."""
        annotation = self.annotations.get(node.outputs[0])
        averages = isinstance(node.op, Operator) and node.op.averages
        if annotation is not None and _keeps_integers(node) and not averages:
            yield from (
                (value, annotation) for value in node.inputs if value not in self.graph.inputs
            )
        factor = self._factor(node)
        if annotation is not None and factor is not None and factor[0] not in self.graph.inputs:
            yield factor[0], _times(annotation, 1 / factor[1])

    def _factor(self, node: Node) -> tuple[ValueName, float] | None:
        """Return the operand of a product with one positive number, and this: integers stay."""
        if not isinstance(node.op, Mul) or node.op.activation is not Activation.NONE:
            return None
        for value, other in (node.inputs, node.inputs[::-1]):
            array = self.graph.constants.get(other)
            same_shape = self.graph.types[value].shape == self.graph.types[node.outputs[0]].shape
            if array is not None and array.size and same_shape:
                number = float(array.reshape(-1)[0])
                return (value, number) if number > 0 and (array == number).all() else None
        return None

    def _forward(self, node: Node) -> Iterator[tuple[ValueName, Annotation]]:
        op, known = node.op, self._known(node)
        if not isinstance(op, Operator):
            return
        if not known:
            yield from self._of_constants(node, op)
            return
        if op.fixed_output is not None:
            yield from ((value, _prescribed(op, known)) for value in node.outputs)
        elif (factor := self._factor(node)) is not None:
            yield node.outputs[0], _times(known[0], factor[1])
        elif _keeps_integers(node):
            held = _holding(_common(known), self._own_values(node, op))
            yield from ((value, held) for value in node.outputs)

    def _of_constants(self, node: Node, op: Operator) -> Iterator[tuple[ValueName, Annotation]]:
        """Let what only picks among constants have integers that hold these."""
        made = [v for v in node.inputs if v not in self.graph.constants]
        if not _keeps_integers(node) or any(is_float(self.graph.types[v]) for v in made):
            return
        numbers = self._own_values(node, op)
        if numbers:
            q = activation_qparams(Range(min(numbers), max(numbers)))
            yield from ((value, Annotation(q)) for value in node.outputs)

    def _own_values(self, node: Node, op: Operator) -> list[float]:
        """Return the least and the largest number that a node adds to the inputs': of constants."""
        arrays = [self.graph.constants[v] for v in node.inputs if v in self.graph.constants]
        ranges = [Range.of(array) for array in arrays if array.dtype == np.float32]
        return [*op.own_values, *(bound for each in ranges for bound in (each.low, each.high))]

    def _known(self, node: Node) -> list[Annotation]:
        """Return the annotations of all inputs; none where one is not known yet."""
        data = [v for v in node.inputs if v not in self.graph.constants]
        data = [v for v in data if is_float(self.graph.types[v])]
        return [self.annotations[v] for v in data] if self.annotations.keys() >= set(data) else []


def _prescribed(op: Operator, inputs: list[Annotation]) -> Annotation:
    """Return the annotation that an operator gives to its output whatever the input's."""
    dtype = inputs[0].dtype if op.computes(inputs[0].dtype) else DType.INT8
    q = op.prescribed(dtype)
    if q is None:
        message = f"{op.name} prescribes nothing"
        raise ValueError(message)
    return Annotation(q, dtype)


def _times(annotation: Annotation, factor: float) -> Annotation:
    """Return the same integers for numbers that are larger by a factor."""
    q = annotation.qparams
    return Annotation(QParams.per_tensor(q.scale * factor, q.zero_point), annotation.dtype)


def _common(annotations: list[Annotation]) -> Annotation:
    """Return integers that hold what all of these hold."""
    if len(set(annotations)) == 1:
        return annotations[0]
    lows, highs = zip(*(annotation.limits for annotation in annotations), strict=True)
    wide = any(annotation.dtype is DType.INT16 for annotation in annotations)
    dtype = DType.INT16 if wide else DType.INT8
    return Annotation(activation_qparams(Range(min(lows), max(highs)), 0.0, dtype), dtype)


def _holding(annotation: Annotation, numbers: Sequence[float]) -> Annotation:
    """Return integers like these that hold more numbers: the same where they do already."""
    if annotation.holds(numbers):
        return annotation
    low, high = annotation.limits
    both = Range(min(low, *numbers), max(high, *numbers))
    return Annotation(activation_qparams(both, 0.0, annotation.dtype), annotation.dtype)


def _keeps_integers(node: Node) -> bool:
    op = node.op
    if not isinstance(op, Operator):
        return False
    return op.output_rule is OutputRule.SAME_AS_INPUT or op.only_limits
