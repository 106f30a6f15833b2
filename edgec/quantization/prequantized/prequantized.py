"""Models that state how they are quantized (QDQ, QLinear): taken at their word."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import Graph, Node, ValueName
from edgec.ops.conversion.fake_quantize import Annotation, FakeQuantize
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.quantization.prequantized.annotations import Annotated, is_annotated, read_annotations
from edgec.quantization.prequantized.lower_annotated import lower_annotated
from edgec.quantization.prequantized.source_grids import (
    has_slices,
    has_wide_steps,
    is_on_grid,
    layer_on_grid,
)
from edgec.quantization.ranges.observers import Range
from edgec.quantization.ranges.parameters import activation_qparams
from edgec.quantization.weights.affine_as_layer import AffineAsLayer
from edgec.quantization.weights.dense_as_conv import DenseAsConv

__all__ = ["Prequantized", "is_annotated"]
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Prequantized:
    """A float graph with FakeQuantize nodes, on its way to integers.

    ``floats`` is this graph with the layers as they will be: calibrate it for :meth:`completed`.
    """

    annotated: Annotated
    floats: Graph
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, graph: Graph) -> "Prequantized":
        """Read an optimized float graph; dense layers with a scale per output become 1x1 layers.

        So does what is left of batch norms that no layer could take, and the file left in float.
        """
        dense = [node.name for node in graph.nodes if _needs_scale_per_output(node, graph)]
        graph = AffineAsLayer().run(DenseAsConv(dense).run(graph) if dense else graph)
        return cls(read_annotations(graph), graph, tuple(_warnings(graph)))

    def is_complete(self) -> bool:
        return not self.annotated.missing() and not self.annotated.inputs_left_open()

    def completed(self, ranges: Mapping[ValueName, Range]) -> "Prequantized":
        """Return this with values the file is silent about quantized by their ranges.

        These are of the values of :attr:`floats`, which may have other names than the file's.
        """
        silent = [v for node in self.annotated.missing() for v in node.outputs]
        silent += self.annotated.inputs_left_open()
        chosen = {v: Annotation(activation_qparams(ranges[v])) for v in silent if v in ranges}
        return replace(
            self,
            annotated=Annotated(self.annotated.graph, {**self.annotated.annotations, **chosen}),
        )

    def integers(self, file: str = "") -> Graph:
        """Return the integer graph; ``incomplete-quantization`` names what is not stated."""
        raise_all(self._problems(file))
        return lower_annotated(self.annotated)

    def _problems(self, file: str) -> list[EdgecError]:
        nodes = [f"{node.op.name} {node.name!r}" for node in self.annotated.missing()]
        silent = [f"input {value!r}" for value in self.annotated.inputs_left_open()] + nodes
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


def _warnings(graph: Graph) -> Iterator[str]:
    """Yield what of a annotated graph integers cannot have just as the file states it."""
    wide = [node.name for node in graph.nodes if not _is_exact_mark(node)]
    if wide:
        yield (
            f"zero points of 16-bit activations ({_listed(wide)}): int16 has none here, so their "
            "steps are up to twice those of the file; onnxruntime: {'ActivationSymmetric': True}; "
            "AIMET: symmetric quantizers of activations"
        )
    layers = [node for node in graph.nodes if not _has_exact_weights(node, graph)]
    stated = [node.name for node in layers if is_on_grid(node, graph)]
    if stated:
        yield (
            f"weights that are no int8 without a zero point ({_listed(stated)}) were rounded to "
            "the nearest; onnxruntime: {'WeightSymmetric': True}, weights of 8 bits"
        )
    floats = [node.name for node in layers if node.name not in stated]
    if floats:
        yield (
            f"weights that the file has in floats, or with a scale per block ({_listed(floats)}), "
            "were rounded to the nearest int8: quantize these layers too, a scale per channel"
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _is_exact_mark(node: Node) -> bool:
    return not isinstance(node.op, FakeQuantize) or node.op.is_exact


def _has_exact_weights(node: Node, graph: Graph) -> bool:
    if not isinstance(node.op, WeightedLayer):
        return True
    return layer_on_grid(node, graph, node.op.scale_axis, 1.0).is_exact


def _needs_scale_per_output(node: Node, graph: Graph) -> bool:
    """Tell whether a dense layer has scales per output, or weights that int8 holds only so."""
    weights = graph.constants.get(node.inputs[1]) if len(node.inputs) > 1 else None
    dense = isinstance(node.op, WeightedLayer) and node.op.is_dense
    if not dense or weights is None:
        return False
    return has_slices(weights, 0, graph.grids) or has_wide_steps(weights, graph.grids)
