"""What int16 activations cost against int8: instructions and memory, estimated before lowering.

Counts are those of CMSIS-NN's kernels on Cortex-M4 in QEMU, fitted to the layers of the public
models (benchmarks/mixed.py shows what whole models cost). They put choices in order; a build
measures.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from edgec.ir import Graph, Node, ValueName
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.operator import is_float
from edgec.quantization.ranges.shared_ranges import Ties

# Fitted to CMSIS-NN on Cortex-M4 in QEMU, as said above: not to other cores or kernels.
_PER_MAC, _PER_DEPTHWISE_MAC = 1.5, 8.5  # instructions of int8 layers
_PER_OUTPUT = 45.0
_MORE_PER_MAC, _MORE_PER_DEPTHWISE_MAC = 0.3, 4.5  # what int16 adds to them
_MORE_PER_OUTPUT = 10.0
_WIDEN, _NARROW = 6.0, 24.0  # per element: from int8 to int16, and back


@dataclass(frozen=True, slots=True)
class Cost:
    """Instructions of one inference, and the most bytes of activations alive at a time."""

    instructions: float
    peak_bytes: int

    def over(self, other: "Cost") -> float:
        """Return what this costs more than ``other``, both parts relative and added up."""
        return (
            self.instructions / max(1.0, other.instructions)
            + self.peak_bytes / max(1, other.peak_bytes)
            - 2
        )


@dataclass(eq=False)
class WidthCost:
    """Estimates the cost of a float graph with some groups of values, by root, in int16."""

    graph: Graph
    ties: Ties = field(init=False)
    _ends: dict[ValueName, int] = field(default_factory=dict)  # value -> the last step that reads

    def __post_init__(self) -> None:
        self.ties = Ties(self.graph)
        for step, node in enumerate(self.graph.nodes):
            self._ends.update(dict.fromkeys((*node.inputs, *node.outputs), step))
        self._ends.update(dict.fromkeys(self.graph.outputs, len(self.graph.nodes)))

    def of(self, wide: Collection[ValueName]) -> Cost:
        """Return the cost, conversions between the widths included."""
        instructions, peak = 0.0, 0
        live = {value: self._bytes(value, wide) for value in self.graph.inputs}
        converted: set[tuple[ValueName, bool]] = set()
        for step, node in enumerate(self.graph.nodes):
            in_wide = self._is_wide(node.outputs[0], wide)
            live.update({value: self._bytes(value, wide) for value in node.outputs})
            copies = [v for v in self._activations(node) if self._is_wide(v, wide) is not in_wide]
            extra = sum(self.graph.types[v].elements * (1 + in_wide) for v in copies)
            peak = max(peak, sum(live.values()) + extra)
            new = {(value, in_wide) for value in copies} - converted
            each = _WIDEN if in_wide else _NARROW
            instructions += sum(self.graph.types[value].elements * each for value, _ in new)
            instructions += self._instructions(node, in_wide)
            converted |= new
            live = {value: size for value, size in live.items() if self._ends[value] > step}
        return Cost(instructions, peak)

    def _instructions(self, node: Node, in_wide: bool) -> float:
        macs = node.op.macs(self.graph.signature(node))
        outputs = sum(self.graph.types[value].elements for value in node.outputs)
        by_channel = isinstance(node.op, WeightedLayer) and node.op.input_axis is None
        count = macs * (_PER_DEPTHWISE_MAC if by_channel else _PER_MAC) + outputs * _PER_OUTPUT
        if not (in_wide and macs):
            return count
        more = _MORE_PER_DEPTHWISE_MAC if by_channel else _MORE_PER_MAC
        return count + macs * more + outputs * _MORE_PER_OUTPUT

    def _activations(self, node: Node) -> list[ValueName]:
        """Return the real numbers that a node reads, without constants."""
        read = [v for v in node.inputs if v not in self.graph.constants]
        return [v for v in dict.fromkeys(read) if is_float(self.graph.types[v])]

    def _is_wide(self, value: ValueName, wide: Collection[ValueName]) -> bool:
        return self.ties.root(value) in wide

    def _bytes(self, value: ValueName, wide: Collection[ValueName]) -> int:
        return self.graph.types[value].elements * (1 + self._is_wide(value, wide))
