"""The float model behind a file that states its quantization: clamped as it says, not rounded."""

from collections.abc import Iterator
from dataclasses import replace

from edgec.ir import Graph, Node, TensorType, ValueName
from edgec.ops.activations.clip import Clip
from edgec.ops.conversion.fake_quantize import FakeQuantize
from edgec.quantization.prequantized.annotations import Marked


def clamped(marked: Marked) -> Graph:
    """Return a float graph whose values keep within their marks.

    The clamps belong to the model: quantizers leave that of a ReLU to the range of its output.
    """
    added: dict[ValueName, TensorType] = {}
    nodes = [each for node in marked.graph.nodes for each in _with_clamps(node, marked, added)]
    return marked.graph.with_nodes(nodes, types=added)


def _with_clamps(node: Node, marked: Marked, added: dict[ValueName, TensorType]) -> Iterator[Node]:
    if isinstance(node.op, FakeQuantize):
        yield _clamp(node.inputs[0], node.outputs[0], marked)
        return
    free = {v: ValueName(f"{v}/free") for v in node.outputs if v in marked.marks}
    added.update({new: marked.graph.types[old] for old, new in free.items()})
    yield replace(node, outputs=tuple(free.get(v, v) for v in node.outputs))
    yield from (_clamp(new, old, marked) for old, new in free.items())


def _clamp(source: ValueName, result: ValueName, marked: Marked) -> Node:
    low, high = marked.marks[result].limits
    return Node(f"{result}/clamp", Clip(low=low, high=high), (source,), (result,))
