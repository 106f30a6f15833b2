"""Dynamic quantization taken back: DynamicQuantizeLinear and integer products become float layers.

Such a file computes scales of activations while it runs; only its weights are integers for good.
What it approximates is a float model with just these weights, and that is what is read. An
activation stands for itself then, with scale 1 and zero point 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import onnx

from edgec.frontends.onnx.spelling import Spelling

_DYNAMIC = "DynamicQuantizeLinear"
_PRODUCTS = {"MatMulInteger": "MatMul", "ConvInteger": "Conv"}
_DATA, _SCALES, _ZEROS = 0, 1, 2  # outputs of a DynamicQuantizeLinear
_SLOTS = {  # operator and input -> which of these outputs may be there
    **{(op, index): _DATA for op in _PRODUCTS for index in (0, 1)},
    **{(op, index): _ZEROS for op in _PRODUCTS for index in (2, 3)},
    ("DequantizeLinear", 0): _DATA,
    ("DequantizeLinear", 1): _SCALES,
    ("DequantizeLinear", 2): _ZEROS,
    ("Mul", 0): _SCALES,
    ("Mul", 1): _SCALES,
}


def without_dynamic_quantization(model: Any) -> None:
    """Replace what quantizes while it runs, in a ``ModelProto``, in place.

    Integers that anything but a product or DequantizeLinear reads are left as they are.
    """
    taken = _Dynamic(model.graph)
    if taken.sources:
        nodes = [each for node in model.graph.node for each in taken.in_floats(node)]
        del model.graph.node[:]
        model.graph.node.extend(nodes)


@dataclass(eq=False)
class _Dynamic:
    """The activations of a graph that are taken back: name of the integers -> of the floats."""

    graph: Any
    sources: dict[str, str] = field(init=False)
    ranks: dict[str, int] = field(init=False)  # of initializers

    def __post_init__(self) -> None:
        self.ranks = {each.name: len(each.dims) for each in self.graph.initializer}
        places: dict[str, list[tuple[str, int]]] = {}
        for node in self.graph.node:
            for index, name in enumerate(node.input):
                places.setdefault(name, []).append((node.op_type, index))
        for value in self.graph.output:
            places.setdefault(value.name, []).append(("output", 0))
        self.sources = {
            node.output[_DATA]: node.input[0]
            for node in self.graph.node
            if node.op_type == _DYNAMIC
            and all(_in_place(places.get(name, []), i) for i, name in enumerate(node.output))
        }

    def in_floats(self, node: Any) -> Iterator[Any]:
        """Yield what stands for a node."""
        s = Spelling(node)
        if node.op_type == _DYNAMIC and s.output(_DATA) in self.sources:
            one = s.number(1.0, "one")
            yield one
            yield s.make("Identity", [one.output[0]], s.output(_SCALES))
        elif node.op_type == "DequantizeLinear" and s.input(0) in self.sources:
            yield s.make("Identity", [self.sources[s.input(0)]], s.output(0))
        elif node.op_type in _PRODUCTS and {s.input(0), s.input(1)} & self.sources.keys():
            yield from self._product(s)
        else:
            yield node

    def _product(self, s: Spelling) -> Iterator[Any]:
        """Inputs: a, b, their zero points; the result is as large as without any scale."""
        operands = []
        for index in (0, 1):
            name = self.sources.get(s.input(index), "")
            nodes = [] if name else list(self._weights(s, index))
            yield from nodes
            operands.append(name or str(nodes[-1].output[0]))
        yield s.operator(_PRODUCTS[s.node.op_type], operands, output=s.output(0))

    def _weights(self, s: Spelling, index: int) -> Iterator[Any]:
        """Yield nodes of which the last makes the floats of integers less their zero point."""
        data, zeros = s.own(f"integers_{index}"), s.own(f"zeros_{index}")
        yield s.make("Cast", [s.input(index)], data, to=onnx.TensorProto.FLOAT)
        if not s.input(2 + index):
            return
        yield s.make("Cast", [s.input(2 + index)], zeros, to=onnx.TensorProto.FLOAT)
        if s.node.op_type == "ConvInteger" and self._is_per_channel(s, index):
            shape = s.integers([-1] + [1] * (self.ranks[s.input(index)] - 1), f"shape_{index}")
            flat, zeros = zeros, s.own(f"zeros_{index}_per_channel")
            yield from (shape, s.make("Reshape", [flat, shape.output[0]], zeros))
        yield s.make("Sub", [data, zeros], s.own(f"weights_{index}"))

    def _is_per_channel(self, s: Spelling, index: int) -> bool:
        return s.input(index) in self.ranks and self.ranks.get(s.input(2 + index), 0) > 0


def _in_place(places: list[tuple[str, int]], output: int) -> bool:
    """Tell whether an output of a DynamicQuantizeLinear is read only where it may be."""
    return all(_SLOTS.get(place) == output for place in places)
