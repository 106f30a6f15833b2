"""The float model behind a file that states its quantization: clamped as it says, not rounded."""

from collections.abc import Iterator
from dataclasses import replace

from edgec.ir import Graph, Node, TensorType, ValueName
from edgec.ops.activations.clip import Clip
from edgec.ops.conversion.fake_quantize import FakeQuantize
from edgec.quantization.prequantized.annotations import Annotated


def clamped(annotated: Annotated) -> Graph:
    """Return a float graph whose values keep within their annotations.

    The clamps belong to the model: quantizers leave that of a ReLU to the range of its output.
    """
    added: dict[ValueName, TensorType] = {}
    nodes = [
        each for node in annotated.graph.nodes for each in _with_clamps(node, annotated, added)
    ]
    return annotated.graph.with_nodes(nodes, types=added)


def _with_clamps(
    node: Node, annotated: Annotated, added: dict[ValueName, TensorType]
) -> Iterator[Node]:
    if isinstance(node.op, FakeQuantize):
        yield _clamp(node.inputs[0], node.outputs[0], annotated)
        return
    free = {v: ValueName(f"{v}/free") for v in node.outputs if v in annotated.annotations}
    added.update({new: annotated.graph.types[old] for old, new in free.items()})
    yield replace(node, outputs=tuple(free.get(v, v) for v in node.outputs))
    yield from (_clamp(new, old, annotated) for old, new in free.items())


def _clamp(source: ValueName, result: ValueName, annotated: Annotated) -> Node:
    low, high = annotated.annotations[result].limits
    return Node(f"{result}/clamp", Clip(low=low, high=high), (source,), (result,))
