"""Operators on integers (QLinearConv and the like), spelled as DQ, operator on floats, Q.

So there is one way for quantized models through the compiler. The forms are those of the ONNX
standard and of onnxruntime's domain com.microsoft.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import onnx

_MICROSOFT = "com.microsoft"
_TRIPLE = 3  # a tensor, its scale, its zero point


def spell_out(model: Any) -> None:
    """Replace every such node of a ``ModelProto``, in place; the operator keeps the node's name."""
    nodes = [each for node in model.graph.node for each in _spelled(node)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _spelled(node: Any) -> Iterator[Any]:
    domain = "" if node.domain == "ai.onnx" else node.domain
    spell = _FORMS.get((domain, node.op_type))
    channels_last = any(each.name == "channels_last" and each.i for each in node.attribute)
    if spell is None or channels_last or len(node.output) != 1:
        yield node
    else:
        yield from spell(_Spelling(node))


@dataclass(frozen=True, slots=True)
class _Spelling:
    """Makes the nodes that stand for one."""

    node: Any

    def input(self, index: int) -> str:
        return str(self.node.input[index]) if index < len(self.node.input) else ""

    def own(self, what: str) -> str:
        """Return the name of a value that only these nodes know."""
        return f"{self.node.output[0]}/{what}"

    def dequantized(self, first: int, **attributes: Any) -> tuple[str, Any]:
        """Return the floats of the tensor at ``first``, whose scale and zero point follow."""
        name = self.own(f"input_{first}")
        inputs = [self.input(first + i) for i in range(_TRIPLE)]
        return name, self._make("DequantizeLinear", inputs, name, **attributes)

    def quantized(self, scale: int, *, zero: int) -> Any:
        """Return the node that makes the output from the operator's floats."""
        inputs = [self.own("floats"), self.input(scale), self.input(zero)]
        return self._make("QuantizeLinear", inputs, self.node.output[0])

    def operator(self, op: str, inputs: list[str], *dropped: str) -> Any:
        """Return the operator on floats, with this node's attributes but those dropped."""
        result = self._make(op, inputs, self.own("floats"))
        result.name = self.node.name
        result.attribute.extend(each for each in self.node.attribute if each.name not in dropped)
        return result

    def bias(self, index: int, x_scale: int, w_scale: int) -> tuple[str, list[Any]]:
        """Return the floats of an int32 bias, in steps of data scale times weight scale."""
        scale, name = self.own("bias_scale"), self.own("bias")
        scales = [self.input(x_scale), self.input(w_scale)]
        return name, [
            self._make("Mul", scales, scale),
            self._make("DequantizeLinear", [self.input(index), scale], name, axis=0),
        ]

    def _make(self, op: str, inputs: list[str], output: str, **attributes: Any) -> Any:
        while inputs and not inputs[-1]:
            inputs = inputs[:-1]
        return onnx.helper.make_node(op, inputs, [output], name=f"{output}/{op}", **attributes)


def _conv(s: _Spelling) -> Iterator[Any]:
    """Inputs: x, its scale and zero point, weights, theirs, scale and zero point of y, bias."""
    x, dequantize_x = s.dequantized(0)
    w, dequantize_w = s.dequantized(3, axis=0)
    yield from (dequantize_x, dequantize_w)
    inputs = [x, w]
    if s.input(8):
        bias, nodes = s.bias(8, 1, 4)
        inputs.append(bias)
        yield from nodes
    yield s.operator("Conv", inputs)
    yield s.quantized(6, zero=7)


def _gemm(s: _Spelling) -> Iterator[Any]:
    """Inputs: a, b with scales and zero points, c in int32 (optional), scale, zero point of y."""
    a, dequantize_a = s.dequantized(0)
    transposed = any(each.name == "transB" and each.i for each in s.node.attribute)
    b, dequantize_b = s.dequantized(3, axis=0 if transposed else 1)
    yield from (dequantize_a, dequantize_b)
    inputs = [a, b]
    if s.input(6):
        bias, nodes = s.bias(6, 1, 4)
        inputs.append(bias)
        yield from nodes
    yield s.operator("Gemm", inputs)
    yield s.quantized(7, zero=8)


def _two(op: str) -> Callable[[_Spelling], Iterator[Any]]:
    """Spell an operator of two tensors: a, b, each with scale and zero point, then those of y."""

    def spell(s: _Spelling) -> Iterator[Any]:
        a, dequantize_a = s.dequantized(0)
        b, dequantize_b = s.dequantized(3, axis=1) if op == "MatMul" else s.dequantized(3)
        yield from (dequantize_a, dequantize_b, s.operator(op, [a, b]), s.quantized(6, zero=7))

    return spell


def _one(op: str, *dropped: str) -> Callable[[_Spelling], Iterator[Any]]:
    """Spell an operator of one tensor: x, its scale and zero point, those of y."""

    def spell(s: _Spelling) -> Iterator[Any]:
        x, dequantize_x = s.dequantized(0)
        yield from (dequantize_x, s.operator(op, [x], *dropped), s.quantized(3, zero=4))

    return spell


def _concat(s: _Spelling) -> Iterator[Any]:
    """Inputs: scale and zero point of y, then each tensor with its own."""
    parts = [s.dequantized(first) for first in range(2, len(s.node.input), _TRIPLE)]
    yield from (node for _, node in parts)
    yield s.operator("Concat", [name for name, _ in parts])
    yield s.quantized(0, zero=1)


def _standard(s: _Spelling) -> Iterator[Any]:
    """Move an operator that the standard has too to the standard's domain."""
    plain = onnx.NodeProto()
    plain.CopyFrom(s.node)
    plain.domain = ""
    yield plain


_Spell = Callable[[_Spelling], Iterator[Any]]
_FORMS: Mapping[tuple[str, str], _Spell] = {
    ("", "QLinearConv"): _conv,
    ("", "QLinearMatMul"): _two("MatMul"),
    (_MICROSOFT, "DequantizeLinear"): _standard,
    (_MICROSOFT, "QGemm"): _gemm,
    (_MICROSOFT, "QLinearAdd"): _two("Add"),
    (_MICROSOFT, "QLinearAveragePool"): _one("AveragePool", "channels_last"),
    (_MICROSOFT, "QLinearConcat"): _concat,
    (_MICROSOFT, "QLinearGlobalAveragePool"): _one("GlobalAveragePool", "channels_last"),
    (_MICROSOFT, "QLinearLeakyRelu"): _one("LeakyRelu"),
    (_MICROSOFT, "QLinearMul"): _two("Mul"),
    (_MICROSOFT, "QLinearReduceMean"): _one("ReduceMean"),
    (_MICROSOFT, "QLinearSigmoid"): _one("Sigmoid"),
    (_MICROSOFT, "QLinearSoftmax"): _one("Softmax", "opset"),
    (_MICROSOFT, "QuantizeLinear"): _standard,
}
