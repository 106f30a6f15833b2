"""Operators on integers (QLinearConv and the like), spelled as DQ, operator on floats, Q.

The forms are those of the ONNX standard and of onnxruntime's domain com.microsoft.
"""

from collections.abc import Iterator
from typing import Any

import onnx

from edgec.frontends.onnx.spelling import MICROSOFT, Forms, Spell, Spelling

_TRIPLE = 3  # a tensor, its scale, its zero point


def _conv(s: Spelling) -> Iterator[Any]:
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


def _gemm(s: Spelling) -> Iterator[Any]:
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


def _two(op: str) -> Spell:
    """Spell an operator of two tensors: a, b, each with scale and zero point, then those of y."""

    def spell(s: Spelling) -> Iterator[Any]:
        a, dequantize_a = s.dequantized(0)
        b, dequantize_b = s.dequantized(3, axis=1) if op == "MatMul" else s.dequantized(3)
        yield from (dequantize_a, dequantize_b, s.operator(op, [a, b]), s.quantized(6, zero=7))

    return spell


def _one(op: str, *dropped: str) -> Spell:
    """Spell an operator of one tensor: x, its scale and zero point, those of y."""

    def spell(s: Spelling) -> Iterator[Any]:
        x, dequantize_x = s.dequantized(0)
        yield from (dequantize_x, s.operator(op, [x], *dropped), s.quantized(3, zero=4))

    return spell


def _where(s: Spelling) -> Iterator[Any]:
    """Inputs: condition, a, b, each of these with scale and zero point, then those of y."""
    a, dequantize_a = s.dequantized(1)
    b, dequantize_b = s.dequantized(4)
    yield from (dequantize_a, dequantize_b, s.operator("Where", [s.input(0), a, b]))
    yield s.quantized(7, zero=8)


def _product_in_floats(s: Spelling) -> Iterator[Any]:
    """Inputs: a, b, their scales, their zero points, bias. The result is float32."""
    a, dequantize_a = s.dequantized_at([0, 2, 4])
    b, dequantize_b = s.dequantized_at([1, 3, 5], axis=-1)
    yield from (dequantize_a, dequantize_b)
    yield from _biased_product(s, a, b, 6)


def _dynamic_product(s: Spelling) -> Iterator[Any]:
    """Inputs: a in float32, quantized on the way; b, its scale, its zero point; bias."""
    b, dequantize_b = s.dequantized(1, axis=-1)
    yield dequantize_b
    yield from _biased_product(s, s.input(0), b, 4)


def _dynamic_lstm(s: Spelling) -> Iterator[Any]:
    """Inputs: those of LSTM, then scale and zero point of W and of R, which are transposed."""
    directions = 2 if s.attribute("direction", b"forward") == b"bidirectional" else 1
    along_gates = s.integers([directions, 1, -1], "along_gates")
    yield along_gates
    matrices = []
    for index, scale in ((1, 8), (2, 10)):
        nodes = list(_turned(s, (index, scale, scale + 1), along_gates.output[0]))
        yield from nodes
        matrices.append(nodes[-1].output[0])
    inputs = [s.input(0), *matrices, *(s.input(index) for index in range(3, 8))]
    lstm = s.operator("LSTM", inputs)
    del lstm.output[:]
    lstm.output.extend(s.node.output)
    yield lstm


def _turned(s: Spelling, places: tuple[int, int, int], along_gates: str) -> Iterator[Any]:
    """Make the floats of weights [directions, inputs, gates] with their last axes exchanged.

    Scale and zero point are one per direction, or one per gate of each.
    """
    index = places[0]
    reals = []
    for place in places:
        name = s.own(f"real_{place}")
        reals.append(name)
        yield s.make("Cast", [s.input(place)], name, to=onnx.TensorProto.FLOAT)
    for place, name in zip(places[1:], reals[1:], strict=True):
        yield s.make("Reshape", [name, along_gates], s.own(f"shaped_{place}"))
    scale, zero = (s.own(f"shaped_{place}") for place in places[1:])
    yield s.make("Sub", [reals[0], zero], s.own(f"centered_{index}"))
    yield s.make("Mul", [s.own(f"centered_{index}"), scale], s.own(f"scaled_{index}"))
    yield s.make("Transpose", [s.own(f"scaled_{index}")], s.own(f"turned_{index}"), perm=[0, 2, 1])


def _biased_product(s: Spelling, a: str, b: str, bias: int) -> Iterator[Any]:
    output = s.output(0)
    if not s.input(bias):
        yield s.operator("MatMul", [a, b], output=output)
        return
    yield s.operator("MatMul", [a, b])
    yield s.make("Add", [s.own("floats"), s.input(bias)], output)


def _concat(s: Spelling) -> Iterator[Any]:
    """Inputs: scale and zero point of y, then each tensor with its own."""
    parts = [s.dequantized(first) for first in range(2, len(s.node.input), _TRIPLE)]
    yield from (node for _, node in parts)
    yield s.operator("Concat", [name for name, _ in parts])
    yield s.quantized(0, zero=1)


def _standard(s: Spelling) -> Iterator[Any]:
    """Move an operator that the standard has too to the standard's domain."""
    plain = onnx.NodeProto()
    plain.CopyFrom(s.node)
    plain.domain = ""
    yield plain


INTEGER_FORMS: Forms = {
    ("", "QLinearConv"): _conv,
    ("", "QLinearMatMul"): _two("MatMul"),
    (MICROSOFT, "DequantizeLinear"): _standard,
    (MICROSOFT, "QGemm"): _gemm,
    (MICROSOFT, "QLinearAdd"): _two("Add"),
    (MICROSOFT, "QLinearAveragePool"): _one("AveragePool", "channels_last"),
    (MICROSOFT, "QLinearConcat"): _concat,
    (MICROSOFT, "QLinearGlobalAveragePool"): _one("GlobalAveragePool", "channels_last"),
    (MICROSOFT, "QLinearLeakyRelu"): _one("LeakyRelu"),
    (MICROSOFT, "QLinearMul"): _two("Mul"),
    (MICROSOFT, "QLinearReduceMean"): _one("ReduceMean"),
    (MICROSOFT, "QLinearSigmoid"): _one("Sigmoid"),
    (MICROSOFT, "QLinearSoftmax"): _one("Softmax", "opset"),
    (MICROSOFT, "QLinearWhere"): _where,
    (MICROSOFT, "MatMulIntegerToFloat"): _product_in_floats,
    (MICROSOFT, "DynamicQuantizeLSTM"): _dynamic_lstm,
    (MICROSOFT, "DynamicQuantizeMatMul"): _dynamic_product,
    (MICROSOFT, "QuantizeLinear"): _standard,
}
