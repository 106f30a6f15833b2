"""Models of any number of nodes, of the blocks that exporters write, for what must stay linear."""

from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from onnx_models import OnnxBuilder, save

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Graph


def long_graph(nodes: int) -> Graph:
    """Return a float graph as imported from about ``nodes`` ONNX nodes."""
    with TemporaryDirectory() as folder:
        return load_onnx(save(long_model(nodes), Path(folder)))


def long_model(nodes: int) -> onnx.ModelProto:
    """Return convolutions, residuals, transposes, reshapes and functions, one after the other."""
    b = OnnxBuilder()
    x = b.input("image", [1, 4, 8, 8])
    while len(b.nodes) < nodes - 3:
        x = _residual(b, _normalized(b, x))
        x = _channels_last(b, _flat(b, _scaled(b, x)))
    x = b.add("GlobalAveragePool", x)
    b.linear(b.add("Flatten", x, axis=1), 4, 5, output="output")
    return b.model("output")


def _normalized(b: OnnxBuilder, x: str) -> str:
    return b.add("Relu", b.batch_norm(b.conv(x, (4, 4)), 4))


def _residual(b: OnnxBuilder, x: str) -> str:
    return b.add("Add", x, b.batch_norm(b.conv(_normalized(b, x), (4, 4), (1, 1)), 4))


def _scaled(b: OnnxBuilder, x: str) -> str:
    """Return x * sigmoid(x), times and plus something per channel, clamped."""
    x = b.add("Mul", x, b.add("Sigmoid", x))
    return b.add("Relu", b.add("Add", b.add("Mul", x, b.random(4, 1, 1)), b.random(4, 1, 1)))


def _flat(b: OnnxBuilder, x: str) -> str:
    x = b.add("Relu", b.add("Reshape", x, b.ints(1, 4, 64)))
    return b.add("Reshape", x, b.ints(1, 4, 8, 8))


def _channels_last(b: OnnxBuilder, x: str) -> str:
    x = b.add("Softmax", b.add("Transpose", x, perm=[0, 2, 3, 1]), axis=3)
    return b.add("Transpose", x, perm=[0, 3, 1, 2])
