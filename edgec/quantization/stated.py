"""Models that state how they are quantized (QDQ, QLinear): taken at their word."""

from collections.abc import Mapping
from dataclasses import dataclass

from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import Graph, Node, ValueName
from edgec.ops.fully_connected import FullyConnected
from edgec.quantization.dense_as_conv import DenseAsConv
from edgec.quantization.grids import has_slices
from edgec.quantization.lower_marked import lower_marked
from edgec.quantization.marks import Marked, is_marked, read_marks
from edgec.quantization.observers import Range
from edgec.quantization.parameters import activation_qparams

__all__ = ["Stated", "is_marked"]
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Stated:
    """A float graph with FakeQuantize nodes, on its way to integers."""

    marked: Marked

    @classmethod
    def of(cls, graph: Graph) -> "Stated":
        """Read an optimized float graph; dense layers with a scale per output become 1x1 layers."""
        dense = [node.name for node in graph.nodes if _has_scale_per_output(node, graph)]
        return cls(read_marks(DenseAsConv(dense).run(graph) if dense else graph))

    def is_complete(self) -> bool:
        return not self.marked.missing() and not self.marked.unmarked_inputs()

    def completed(self, ranges: Mapping[ValueName, Range]) -> "Stated":
        """Return this with values the file is silent about quantized by their calibrated ranges."""
        silent = [v for node in self.marked.missing() for v in node.outputs]
        silent += self.marked.unmarked_inputs()
        chosen = {v: activation_qparams(ranges[v]) for v in silent if v in ranges}
        return Stated(Marked(self.marked.graph, {**self.marked.marks, **chosen}))

    def integers(self, file: str = "") -> Graph:
        """Return the integer graph; ``incomplete-quantization`` names what is not stated."""
        raise_all(self._problems(file))
        return lower_marked(self.marked)

    def _problems(self, file: str) -> list[EdgecError]:
        nodes = [f"{node.op.name} {node.name!r}" for node in self.marked.missing()]
        silent = [f"input {value!r}" for value in self.marked.unmarked_inputs()] + nodes
        if not silent:
            return []
        more = [f"and {len(silent) - _SHOWN} more"] if len(silent) > _SHOWN else []
        return [
            EdgecError(
                "incomplete-quantization",
                f"the model states no quantization for {silent[0]}",
                place=Place(file),
                notes=[*(f"nor for {each}" for each in silent[1:_SHOWN]), *more],
                help="quantize all of the network, or give samples with --calib for the rest",
            )
        ]


def _has_scale_per_output(node: Node, graph: Graph) -> bool:
    weights = graph.constants.get(node.inputs[1]) if len(node.inputs) > 1 else None
    if not isinstance(node.op, FullyConnected) or weights is None:
        return False
    return has_slices(weights, 0, graph.grids)
