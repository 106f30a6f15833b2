"""What is known of an output before anything ran: its shape for users, and what made it."""

from dataclasses import dataclass
from math import prod

from edgec.ir import Array, DType, Graph, Node, QParams, ValueName
from edgec.ops.activations.hard_sigmoid import HardSigmoid
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.operator import Operator, OutputRule, is_float
from edgec.quantization.samples.sample_labels import Labels, class_numbers
from edgec.quantization.samples.samples import sample_shape

_LOGISTIC = (Logistic, HardSigmoid)
_CARRIERS = ("quantize", "dequantize", "transpose")
_UNIT_RANGE = QParams.per_tensor(1 / 256, -128)  # what TFLite prescribes behind Logistic, Softmax


@dataclass(frozen=True)
class Answer:
    """One output of a graph, as users see it."""

    graph: Graph
    output: ValueName

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample, with the axes where the source model has them."""
        return sample_shape(self.graph, self.output)

    @property
    def extents(self) -> tuple[int, ...]:
        """The shape without its axes of 1."""
        return without_ones(self.shape)

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def is_index(self) -> bool:
        """Whether it holds class numbers, not scores."""
        kind = self.graph.types[self.output]
        return not is_float(kind) and kind.qparams is None

    @property
    def is_constant(self) -> bool:
        """Whether no input has a say in it."""
        producers, seen, left = self.graph.producers(), set[ValueName](), [self.output]
        while left:
            value = left.pop()
            if value in self.graph.inputs:
                return False
            if value in producers and value not in seen:
                left += producers[value].inputs
            seen.add(value)
        return True

    @property
    def channel(self) -> int:
        """The axis of one sample that is the last in our layout."""
        rank = len(self.graph.types[self.output].shape)
        layout = self.graph.layouts.get(self.output, tuple(range(rank)))
        return (layout[-1] if layout else 0) - (rank - len(self.shape))

    @property
    def maker(self) -> Operator | None:
        """The operator that makes the output, but for what only carries its values."""
        producers = self.graph.producers()
        node: Node | None = producers.get(self.output)
        while node is not None and _carries(node.op):
            node = producers.get(node.inputs[0])
        return node.op if node is not None and isinstance(node.op, Operator) else None

    @property
    def is_logistic(self) -> bool:
        if self._comes_from(*_LOGISTIC):
            return True
        return self._has_unit_range and not self._comes_from(*_LOGISTIC, Softmax)

    @property
    def is_probability(self) -> bool:
        return self._has_unit_range or self._comes_from(*_LOGISTIC, Softmax)

    @property
    def threshold(self) -> float:
        """From where on a value says yes: half of a probability, else a logit of 0."""
        return 0.5 if self.is_probability else 0.0

    @property
    def threshold_reason(self) -> str:
        if self.is_probability:
            return "values are probabilities: 0.5 and more is yes"
        return "values are no probabilities and taken as logits: 0 and more is yes"

    @property
    def looks_like_input(self) -> bool:
        """Whether it may be the first input again."""
        maker = self.maker
        inputs = self.graph.without_states(self.graph.inputs)
        is_fixed = maker is not None and maker.output_rule is OutputRule.FIXED
        same = bool(inputs) and sample_shape(self.graph, inputs[0]) == self.shape
        return same and not is_fixed

    def _comes_from(self, *kinds: type[Operator]) -> bool:
        """Tell whether all values are made by such operators; others may move or mix them."""
        producers, made, left = self.graph.producers(), False, [self.output]
        while left:
            value = left.pop()
            if value in self.graph.constants:
                continue
            node = producers.get(value)
            if node is None or not isinstance(node.op, Operator):
                return False
            if isinstance(node.op, kinds):
                made = True
            elif _carries(node.op) or node.op.output_rule is OutputRule.SAME_AS_INPUT:
                left += node.inputs
            else:
                return False
        return made

    @property
    def _has_unit_range(self) -> bool:
        """Whether the integers go from 0 to 1: functions in tables leave no other trace."""
        kind = self.graph.types[self.output]
        return kind.dtype is DType.INT8 and kind.qparams == _UNIT_RANGE

    def __str__(self) -> str:
        return f"{str(self.output)!r}"


@dataclass(frozen=True)
class Case:
    """One array of labels beside one output."""

    answer: Answer
    labels: Labels

    @property
    def key(self) -> str:
        return self.labels.key

    @property
    def extents(self) -> tuple[int, ...]:
        """The shape of one sample's labels without its axes of 1."""
        return without_ones(self.labels.values.shape[1:])

    @property
    def numbers(self) -> Array | None:
        """One class number per sample; None where the labels are something else."""
        return class_numbers(self.labels.values)

    def about(self, text: str, because: str) -> str:
        """Return why a metric suits: what the labels are and what the output has."""
        return f"{self.labels.name!r} has {text}, output {self.answer} {because}"


def without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(extent for extent in shape if extent != 1)


def in_source_layout(graph: Graph, name: ValueName, values: Array) -> Array:
    """Return [samples, *the graph's shape] as [samples, *a sample's shape in the source]."""
    rank = values.ndim - 1
    layout = graph.layouts.get(name, tuple(range(rank)))
    moved = values.transpose(0, *(1 + layout.index(axis) for axis in range(rank)))
    return moved.reshape(len(values), *sample_shape(graph, name))


def seen_of(graph: Graph, values: dict[ValueName, Array]) -> dict[ValueName, Array]:
    """Return a graph's first input and its outputs, real [samples, ...], as metrics take them.

    What does not depend on samples has one row, and is given one for each.
    """
    names = (*graph.without_states(graph.inputs)[:1], *graph.without_states(graph.outputs))
    seen = {v: in_source_layout(graph, v, values[v]) for v in names if v in values}
    samples = max(map(len, seen.values()), default=0)
    return {v: x if len(x) == samples else x.repeat(samples, axis=0) for v, x in seen.items()}


def _carries(op: object) -> bool:
    return isinstance(op, Operator) and (op.is_view or op.name in _CARRIERS)
