"""Random small float networks with everything that ties channels together, for hypothesis."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from edgec.ir import Array, Graph, GraphBuilder, TensorType, ValueName
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.operator import Activation
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.ops.reductions.mean import Mean

BLOCKS = (
    "conv",
    "depthwise",
    "residual",
    "concat",
    "squeeze",
    "max_pool",
    "average_pool",
    "pad",
    "scale",
    "turn",
)
NETWORKS = st.lists(
    st.tuples(st.sampled_from(BLOCKS), st.integers(1, 7)), min_size=1, max_size=6
).map(tuple)
HEADS = st.sampled_from(["flatten", "mean", "implicit", "rows"])


@dataclass(eq=False)
class Network:
    """Builds one block after the other; all weights are drawn from one generator."""

    seed: int = 0
    g: GraphBuilder = field(default_factory=lambda: GraphBuilder("net"))

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def weight(self, *shape: int) -> ValueName:
        fan_in = max(1, int(np.prod(shape)) // shape[0])
        scale = np.sqrt(2 / fan_in)
        return self.g.constant("w", (scale * self.rng.standard_normal(shape)).astype(np.float32))

    def conv(
        self, x: ValueName, outputs: int, kernel: int = 3, *, act: Activation = Activation.RELU
    ) -> ValueName:
        pad = kernel // 2
        window = Window((kernel, kernel), pads=(pad,) * 4)
        weights = self.weight(outputs, kernel, kernel, self.g.type(x).shape[3])
        bias = self.weight(outputs)
        return self.g.add1(Conv2D(window=window, activation=act), x, weights, bias, name="conv")

    def depthwise(self, x: ValueName, multiplier: int = 1) -> ValueName:
        channels = self.g.type(x).shape[3] * multiplier
        op = DepthwiseConv2D(window=Window((3, 3), pads=(1, 1, 1, 1)), activation=Activation.RELU)
        weights = self.weight(1, 3, 3, channels)
        return self.g.add1(op, x, weights, self.weight(channels), name="depthwise")

    def dense(self, x: ValueName, outputs: int, *, keep: bool = False) -> ValueName:
        depth = self.g.type(x).shape[-1] if keep else self.g.type(x).elements
        op = FullyConnected(keep_num_dims=keep)
        return self.g.add1(op, x, self.weight(outputs, depth), self.weight(outputs), name="dense")

    def residual(self, x: ValueName) -> ValueName:
        channels = self.g.type(x).shape[3]
        inner = self.conv(x, channels)
        return self.g.add1(Add(), x, self.conv(inner, channels, act=Activation.NONE), name="add")

    def concat(self, x: ValueName, outputs: int) -> ValueName:
        branch = self.conv(x, outputs)
        return self.g.add1(Concatenation(axis=3), x, branch, name="concat")

    def squeeze(self, x: ValueName) -> ValueName:
        """A gate per channel, as in squeeze-and-excitation."""
        channels = self.g.type(x).shape[3]
        pooled = self.g.add1(Mean(axes=(1, 2), keep_dims=True), x, name="pooled")
        gate = self.conv(self.conv(pooled, 3, 1), channels, 1, act=Activation.NONE)
        return self.g.add1(Mul(), x, self.g.add1(Logistic(), gate, name="gate"), name="mul")

    def pool(self, kind: str, x: ValueName) -> ValueName:
        if min(self.g.type(x).shape[1:3]) < 2:
            return x
        op = MaxPool2D if kind == "max_pool" else AveragePool2D
        return self.g.add1(op(window=Window((2, 2), strides=(2, 2))), x, name=kind)

    def pad(self, x: ValueName, detail: int) -> ValueName:
        """Pad rows and columns, and sometimes channels too."""
        return self.g.add1(Pad(paddings=((0, 0), (0, 1), (1, 0), (0, detail // 4))), x, name="pad")

    def scale(self, x: ValueName, detail: int) -> ValueName:
        channels = self.g.type(x).shape[3]
        factors = self.weight(channels) if detail % 2 else self.weight(1, 1, 1, channels)
        return self.g.add1(Mul(), x, factors, name="scale")

    def block(self, kind: str, x: ValueName, detail: int) -> ValueName:
        """Add a block of one of the kinds in BLOCKS."""
        thin = self.g.type(x).shape[3] < 8
        make: dict[str, Callable[[], ValueName]] = {
            "conv": lambda: self.conv(x, 1 + detail, 1 + 2 * (detail % 2)),
            "depthwise": lambda: self.depthwise(x, 1 + detail % 2) if thin else x,
            "residual": lambda: self.residual(x),
            "concat": lambda: self.concat(x, detail),
            "squeeze": lambda: self.squeeze(x),
            "max_pool": lambda: self.pool(kind, x),
            "average_pool": lambda: self.pool(kind, x),
            "pad": lambda: self.pad(x, detail),
            "scale": lambda: self.scale(x, detail),
            "turn": lambda: self.g.add1(Transpose(perm=(0, 2, 1, 3)), x, name="turn"),
        }
        return make[kind]()

    def head(self, kind: str, x: ValueName) -> ValueName:
        if kind == "mean":
            x = self.g.add1(Mean(axes=(1, 2)), x, name="mean")
        if kind == "flatten":
            x = self.g.add1(Reshape(shape=(1, self.g.type(x).elements)), x, name="flatten")
        scores = self.dense(x, 4, keep=kind == "rows")
        return self.g.add1(Softmax(), scores, name="softmax")


def network(blocks: Sequence[tuple[str, int]], head: str, *, seed: int = 0) -> Graph:
    """Return an image network: a first convolution, the blocks, and a classifier."""
    net = Network(seed)
    x = net.conv(net.g.input("image", TensorType((1, 5, 4, 2))), 4)
    for kind, detail in blocks:
        x = net.block(kind, x, detail)
    return net.g.build([net.head(head, x)])


def batch(graph: Graph, count: int, seed: int = 0) -> dict[ValueName, Array]:
    """Draw samples for all inputs: [count, *shape]."""
    rng = np.random.default_rng(seed)
    kinds = {name: graph.types[name].shape for name in graph.inputs}
    return {n: rng.standard_normal((count, *s)).astype(np.float32) for n, s in kinds.items()}
