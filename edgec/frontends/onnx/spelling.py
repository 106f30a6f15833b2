"""Operators that stand for several: replaced by these before anything is imported.

So there is one way for each of them through the compiler. What stands for what is in tables:
:mod:`edgec.frontends.onnx.qlinear` (integers) and :mod:`edgec.frontends.onnx.fused` (floats).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from edgec.frontends.onnx.tensors import graphs

MICROSOFT = "com.microsoft"
"""The domain of onnxruntime's own operators."""
_TRIPLE = 3  # a tensor, its scale, its zero point


@dataclass(frozen=True, slots=True)
class Spelling:
    """Makes the nodes that stand for one."""

    node: Any

    def input(self, index: int) -> str:
        """Return the name of an input, empty where it is absent."""
        return str(self.node.input[index]) if index < len(self.node.input) else ""

    def output(self, index: int) -> str:
        """Return the name of an output, empty where it is absent."""
        return str(self.node.output[index]) if index < len(self.node.output) else ""

    def attribute(self, name: str, default: Any) -> Any:
        found = next((each for each in self.node.attribute if each.name == name), None)
        return default if found is None else onnx.helper.get_attribute_value(found)

    def own(self, what: str) -> str:
        """Return the name of a value that only these nodes know."""
        return f"{self.node.output[0]}/{what}"

    def dequantized(self, first: int, **attributes: Any) -> tuple[str, Any]:
        """Return the floats of the tensor at ``first``, whose scale and zero point follow."""
        places = [first + i for i in range(_TRIPLE)]
        return self.dequantized_at(places, **attributes)

    def dequantized_at(self, places: list[int], **attributes: Any) -> tuple[str, Any]:
        """Return the floats of a tensor; ``places`` are those of it, its scale, its zero point."""
        name = self.own(f"input_{places[0]}")
        inputs = [self.input(place) for place in places]
        return name, self.make("DequantizeLinear", inputs, name, **attributes)

    def quantized(self, scale: int, *, zero: int) -> Any:
        """Return the node that makes the output from the operator's floats."""
        inputs = [self.own("floats"), self.input(scale), self.input(zero)]
        return self.make("QuantizeLinear", inputs, self.node.output[0])

    def operator(self, op: str, inputs: list[str], *dropped: str, output: str = "") -> Any:
        """Return the operator on floats, with this node's attributes but those dropped."""
        result = self.make(op, inputs, output or self.own("floats"))
        result.name = self.node.name
        result.attribute.extend(each for each in self.node.attribute if each.name not in dropped)
        return result

    def bias(self, index: int, x_scale: int, w_scale: int) -> tuple[str, list[Any]]:
        """Return the floats of an int32 bias, in steps of data scale times weight scale."""
        scale, name = self.own("bias_scale"), self.own("bias")
        scales = [self.input(x_scale), self.input(w_scale)]
        return name, [
            self.make("Mul", scales, scale),
            self.make("DequantizeLinear", [self.input(index), scale], name, axis=0),
        ]

    def number(self, value: float, what: str) -> Any:
        """Return a node that makes a float32 constant of rank 0, called :meth:`own` of ``what``."""
        tensor = onnx.numpy_helper.from_array(np.array(value, np.float32))
        return self.make("Constant", [], self.own(what), value=tensor)

    def integers(self, values: list[int], what: str) -> Any:
        """Return a node that makes an int64 constant of rank 1."""
        return self.make("Constant", [], self.own(what), value_ints=values)

    def make(self, op: str, inputs: list[str], output: str, **attributes: Any) -> Any:
        """Return any node of one output; absent inputs at the end are left out."""
        while inputs and not inputs[-1]:
            inputs = inputs[:-1]
        return onnx.helper.make_node(op, inputs, [output], name=f"{output}/{op}", **attributes)


Spell = Callable[[Spelling], Iterator[Any]]
Forms = Mapping[tuple[str, str], Spell]
"""Domain and name of an operator -> the nodes that stand for one."""


def spell_out(model: Any, forms: Forms) -> None:
    """Replace every such node of a ``ModelProto``, in place; the operator keeps the node's name."""
    for graph in reversed(list(graphs(model.graph))):  # inner ones first: outer nodes are copied
        nodes = [each for node in graph.node for each in _spelled(node, forms)]
        del graph.node[:]
        graph.node.extend(nodes)


def _spelled(node: Any, forms: Forms) -> Iterator[Any]:
    domain = "" if node.domain == "ai.onnx" else node.domain
    spell = forms.get((domain, node.op_type))
    channels_last = any(each.name == "channels_last" and each.i for each in node.attribute)
    if spell is None or channels_last:
        yield node
    else:
        yield from spell(Spelling(node))
