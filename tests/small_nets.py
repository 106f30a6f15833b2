"""Small float networks with seeded weights and samples, for tests of quantization."""

import numpy as np

from edgec.ir import Array, Graph, GraphBuilder, TensorType, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation
from edgec.ops.reductions.mean import Mean
from edgec.quantization.samples.sample_labels import Labels
from edgec.quantization.samples.samples import Samples

X = ValueName("x")
SAME = Window((3, 3), pads=(1, 1, 1, 1))
POINT = Window((1, 1))


def samples_of(graph: Graph, count: int = 32, seed: int = 0) -> Samples:
    """Draw normal samples with a few large ones among them, and labels."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for name in graph.inputs:
        loudness = rng.exponential(1.0, (count, *[1] * graph.types[name].rank)) + 0.3
        drawn = rng.standard_normal((count, *graph.types[name].shape))
        arrays[name] = (loudness * drawn).astype(np.float32)
    return Samples(arrays, class_labels(rng.integers(0, 4, count)))


def class_labels(numbers: Array) -> tuple[Labels, ...]:
    """Return what a file with these under ``label`` has."""
    return (Labels("label", numbers),)


def uneven_net(activation: Activation = Activation.RELU, spread: float = 30.0) -> Graph:
    """Return conv, depthwise, 1x1 conv, residual, mean, dense; channels differ by ``spread``."""
    rng = np.random.default_rng(7)
    g = GraphBuilder("uneven")
    x = g.input("x", TensorType((1, 6, 6, 3)))
    sizes = np.geomspace(1, spread, 8)
    a = _conv(g, rng, x, "a", (8, 3, 3, 3), SAME, activation, rows=sizes)
    w = g.constant("b.w", _drawn(rng, 1, 3, 3, 8))
    bias = g.constant("b.bias", _drawn(rng, 8) * np.float32(0.1))
    b = g.add1(DepthwiseConv2D(window=SAME, activation=activation), a, w, bias, name="b")
    c = _conv(g, rng, b, "c", (8, 1, 1, 8), POINT, Activation.NONE, columns=1 / sizes)
    d = _conv(g, rng, c, "d", (8, 1, 1, 8), POINT, activation)
    e = g.add1(Add(), c, d, name="e")
    f = g.add1(Mean(axes=(1, 2)), e, name="f")
    w2, bias2 = g.constant("h.w", _drawn(rng, 4, 8)), g.constant("h.bias", _drawn(rng, 4))
    return g.build([g.add1(FullyConnected(), f, w2, bias2, name="h")])


def dense_net(seed: int = 3) -> Graph:
    """Return three dense layers, 6 -> 12 -> 12 -> 4."""
    rng = np.random.default_rng(seed)
    g = GraphBuilder("dense")
    value, width = g.input("x", TensorType((1, 6))), 6
    for name, outputs, activation in (
        ("a", 12, Activation.RELU),
        ("b", 12, Activation.RELU),
        ("c", 4, Activation.NONE),
    ):
        w = g.constant(f"{name}.w", _drawn(rng, outputs, width))
        b = g.constant(f"{name}.bias", _drawn(rng, outputs))
        value = g.add1(FullyConnected(activation=activation), value, w, b, name=name)
        width = outputs
    return g.build([value])


def _conv(
    g: GraphBuilder,
    rng: np.random.Generator,
    x: ValueName,
    name: str,
    shape: tuple[int, int, int, int],
    window: Window,
    activation: Activation,
    rows: Array | float = 1.0,
    columns: Array | float = 1.0,
) -> ValueName:
    scale = np.broadcast_to(rows, shape[0]).reshape(-1, 1, 1, 1)
    weights = _drawn(rng, *shape) * scale * columns
    bias = _drawn(rng, shape[0]) * np.broadcast_to(rows, shape[0]) * 0.3
    w = g.constant(f"{name}.w", weights.astype(np.float32))
    b = g.constant(f"{name}.bias", bias.astype(np.float32))
    return g.add1(Conv2D(window=window, activation=activation), x, w, b, name=name)


def _drawn(rng: np.random.Generator, *shape: int) -> Array:
    return (rng.standard_normal(shape) * 0.5).astype(np.float32)
