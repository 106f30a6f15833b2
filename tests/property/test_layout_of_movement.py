"""Networks whose operators move elements keep no transposes: the layout pass takes them along."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from equivalence import assert_equivalent
from onnx_models import OnnxBuilder
from onnx_node import imported, node_names

from edgec.pipelines import optimize_float


def decoder() -> onnx.ModelProto:
    """Return an encoder and decoder with a skip connection, as segmentation nets have it."""
    b = OnnxBuilder()
    skip = b.add("Relu", b.conv(b.input("image", [1, 3, 8, 6]), (3, 4)))
    x = b.add("MaxPool", skip, kernel_shape=[2, 2], strides=[2, 2])
    x = b.add("Relu", b.conv(x, (4, 6)))
    w, bias = b.random(6, 4, 2, 2), b.random(4)
    x = b.add("ConvTranspose", x, w, bias, kernel_shape=[2, 2], strides=[2, 2])
    x = b.add("Concat", x, skip, axis=1)
    x = b.conv(x, (8, 2), (1, 1))
    sizes = b.ints(1, 2, 16, 12)
    x = b.add("Resize", x, "", "", sizes, mode="linear")
    b.add("ArgMax", x, output="output", axis=1, keepdims=0)
    return b.model("output", shapes=[[1, 16, 12]])


def shuffled() -> onnx.ModelProto:
    """Return channels split, gathered, tiled, sliced and joined again, and a pixel shuffle."""
    b = OnnxBuilder(seed=3)
    x = b.conv(b.input("image", [1, 3, 6, 4]), (3, 8))
    left = b.add("Split", x, b.ints(3, 5), outputs=2, axis=1)
    right = b.add("Gather", f"{left}.1", b.ints(4, 0, 2, 1, 3), axis=1)
    x = b.add("Concat", right, left, axis=1)
    x = b.conv(x, (8, 8))
    x = b.add("DepthToSpace", x, blocksize=2, mode="CRD")
    x = b.add("Slice", x, b.ints(-1, 0), b.ints(-99, 6), b.ints(2, 3), b.ints(-1, 2))
    x = b.add("Tile", x, b.ints(1, 1, 1, 2))
    weights = b.random(1, 1, 1, 1, scale=3.0)
    scales = b.weight(np.array([1, 1, 2, 2], np.float32))
    x = b.add("Resize", b.add("Mul", x, weights), "", scales, mode="nearest")
    b.conv(x, (2, 3))
    return b.model(b.conv(x, (2, 3)))


@pytest.mark.parametrize("model", [decoder(), shuffled()], ids=["decoder", "shuffled"])
def test_no_transpose_is_left(model: onnx.ModelProto, tmp_path: Path) -> None:
    graph = imported(model, tmp_path)
    best = optimize_float(graph)
    assert "transpose" in node_names(graph)
    assert "transpose" not in node_names(best)
    assert_equivalent(graph, best)
